"""OpenAI's own client, as it is used with a model behind the router: prints each piece of the answer as it comes."""

import os
import sys

from openai import OpenAI

base_url, host = sys.argv[1:]
client = OpenAI(
    base_url=base_url,
    # A ClearML token where the key of OpenAI would be: it goes out as `Authorization: Bearer`.
    api_key=os.environ["CLEARML_TOKEN"],
    # Not every system resolves names under .localhost.
    default_headers={"Host": host},
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
