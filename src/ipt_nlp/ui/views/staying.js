// The ticket goes into a cookie of this browser, which no other site makes it send.
export default function ({ data }) {
  // Once a window: whoever signs in last in a browser is who works in it.
  if (window.iptTicket === data.ticket) return;
  window.iptTicket = data.ticket;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.ticket}; Path=/; SameSite=Strict${secure}`;
}
