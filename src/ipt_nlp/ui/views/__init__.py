"""What several pages show: HTML made of escaped text, and the few things that every page asks Streamlit for."""
