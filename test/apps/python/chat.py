"""OpenAI's own client, as it is used with a model behind the router: prints each piece of the answer as it comes."""

import os
import sys

from openai import OpenAI

base_url, host = sys.argv[1:]
token = os.environ["CLEARML_TOKEN"]
# A server with an API key of its own gets that in `Authorization: Bearer`, and the router has a header for the ClearML token; else the
# ClearML token stands where the key would be.
own_key = os.environ.get("OPENAI_API_KEY")
client = OpenAI(
    base_url=base_url,
    api_key=own_key or token,
    # Not every system resolves names under .localhost.
    default_headers={"Host": host, **({"X-ClearML-Token": token} if own_key else {})},
    max_retries=0,
)
print(client.models.list().data[0].id, flush=True)
stream = client.chat.completions.create(
    model="stand-in", messages=[{"role": "user", "content": "Count."}], stream=True
)
for chunk in stream:
    if text := chunk.choices[0].delta.content:
        print(text, flush=True)
print("end", flush=True)
