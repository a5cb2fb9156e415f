"""What the pages do, without Streamlit: plain functions on values and the store."""
