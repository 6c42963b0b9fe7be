// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Renders a values template the way KubeFATE's service does: Go's text/template with sprig, a cluster.yaml that
// yaml.v2 read, and "<no value>" taken out of what comes of it.
//
// Usage: kubefate-values TEMPLATE CLUSTER.YAML
package main

import (
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"gopkg.in/yaml.v2"
	kyaml "sigs.k8s.io/yaml"
)

func main() {
	text, err := render(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(text)
}

func render(templatePath, specPath string) (string, error) {
	templateText, err := os.ReadFile(templatePath)
	if err != nil {
		return "", err
	}
	specText, err := os.ReadFile(specPath)
	if err != nil {
		return "", err
	}
	spec := map[string]interface{}{}
	if err := yaml.Unmarshal(specText, &spec); err != nil {
		return "", err
	}
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	made, err := template.New("values").Funcs(functions).Option("missingkey=zero").Parse(string(templateText))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := made.Execute(&out, plain(spec)); err != nil {
		return "", err
	}
	return strings.ReplaceAll(out.String(), "<no value>", ""), nil
}

func toYaml(value interface{}) string {
	data, err := kyaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(data), "\n")
}

// Keys of mappings as text, at every depth, as they are in a spec that has been JSON once.
func plain(value interface{}) interface{} {
	switch found := value.(type) {
	case map[string]interface{}:
		for key, item := range found {
			found[key] = plain(item)
		}
		return found
	case map[interface{}]interface{}:
		out := map[string]interface{}{}
		for key, item := range found {
			out[fmt.Sprint(key)] = plain(item)
		}
		return out
	case []interface{}:
		for number, item := range found {
			found[number] = plain(item)
		}
		return found
	}
	return value
}
