{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Settings of Jupyter, under the names of notebook 6 and of its successor. */ -}}
{{- define "fate.client.jupyter" -}}
import os

for app in (c.NotebookApp, c.ServerApp):
    app.ip = "0.0.0.0"
    app.port = 20000
    app.open_browser = False
    app.allow_root = True
    # With a hashed password Jupyter asks for the password; without one it asks for the token in JUPYTER_TOKEN.
    if os.environ.get("NOTEBOOK_HASHED_PASSWORD"):
        app.password = os.environ["NOTEBOOK_HASHED_PASSWORD"]
        app.token = ""
c.NotebookApp.notebook_dir = "/data/projects/fate/"
c.ServerApp.root_dir = "/data/projects/fate/"
{{- end }}
