"""A Gradio app that greets. Its root path is the path of the task's `endpoint`, as a task would read it."""

import os
from urllib.parse import urlparse

import gradio as gr

with gr.Blocks() as app:
    name = gr.Textbox(label="Name")
    greeting = gr.Textbox(label="Greeting")
    gr.Button("Greet").click(lambda name: f"Hello {name}!", name, greeting)

app.launch(
    server_name="127.0.0.1",
    server_port=int(os.environ["PORT"]),
    root_path=urlparse(os.environ["ENDPOINT"]).path.rstrip("/"),
)
