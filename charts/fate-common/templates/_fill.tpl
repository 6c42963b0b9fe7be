{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
Shell functions that fill in a file. Only the shell itself replaces anything, so no character of a password has a
meaning to a tool, and no password stands in an argument. Kubernetes reads commands too: no dollar before a dollar or
before a bracket with a variable's name.
*/ -}}
{{- define "fate.fill" -}}
# fill FILE NAME...: write standard input to FILE, for its owner's eyes only, with @NAME@ replaced by the variable NAME.
fill() (
  target=$1
  shift
  umask 077
  rm -f "$target"
  while IFS= read -r line || [ -n "$line" ]; do
    for name in "$@"; do
      case $line in
        *"@$name@"*) eval "line=\${line%%@${name}@*}\${${name}}\${line#*@${name}@}" ;;
      esac
    done
    printf '%s\n' "$line"
  done > "$target"
)
{{- end }}

{{- /* Shell function: standard input as text between single quotes of YAML. */ -}}
{{- define "fate.fillYaml" -}}
in_yaml() {
  sed "s/'/''/g"
}
{{- end }}

{{- /*
Shell function: standard input as value of a Java property. Eggroll's Python reads the same file and stumbles over a
percent sign, hence the escapes that only Java resolves.
*/ -}}
{{- define "fate.fillProperties" -}}
in_properties() {
  sed -e 's/\\/\\u005c/g' -e 's/%/\\u0025/g' -e 's/ /\\u0020/g'
}
{{- end }}
