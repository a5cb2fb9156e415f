// A switch or a list that was clicked keeps the focus, and Streamlit hears no key while an input has it.
// Whoever moves by Tab presses no pointer, and stays where they are.
if (!window.iptFocus) {
  window.iptFocus = true;
  const leave = () => {
    const at = document.activeElement;
    if (at?.matches("input[type=checkbox], input[role=combobox]:not([aria-expanded=true])")) at.blur();
  };
  window.addEventListener("pointerup", () => setTimeout(leave, 150), true);
}
