"""A Streamlit app that counts clicks: each goes over its WebSocket, and the count lives on the server."""

import streamlit as st

clicks = st.session_state.get("clicks", 0)
if st.button("Count"):
    clicks += 1
    st.session_state.clicks = clicks
st.write(f"Clicked {clicks} times")
