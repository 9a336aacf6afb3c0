package alerts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

type dashboard struct {
	UID        string  `json:"uid"`
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct{ Name, Type string } `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  source `json:"datasource"`
	GridPos     struct {
		X, Y, W, H int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		RefID      string `json:"refId"`
		Expr       string `json:"expr"`
		Datasource source `json:"datasource"`
	} `json:"targets"`
}

type source struct{ Type, UID string }

// Every panel says what it shows, in which unit, from the data source that the reader
// chose; its queries ask for metrics that there are; and none lies upon another.
func TestDashboard(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal(read(t, "dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for _, v := range d.Templating.List {
		variables[v.Name] = v.Type
	}
	if d.UID == "" || d.Title == "" || variables["datasource"] != "datasource" {
		t.Errorf("uid %q, title %q, variables %v", d.UID, d.Title, variables)
	}
	names, ids, titles := table(t), map[int]bool{}, map[string]bool{}
	shown := map[string]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] || titles[p.Title] || p.Title == "" {
			t.Errorf("the id %d or the title %q is not unique", p.ID, p.Title)
		}
		ids[p.ID], titles[p.Title] = true, true
		for _, o := range d.Panels[:i] {
			if a, b := p.GridPos, o.GridPos; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s lies upon %s", p.Title, o.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s has no description, unit, query or data source, or is too wide", p.Title)
		}
		for _, q := range p.Targets {
			if q.Datasource.UID != "${datasource}" {
				t.Errorf("%s asks another data source", p.Title)
			}
			// What Grafana puts in before it asks.
			expr := strings.NewReplacer("$__rate_interval", "5m", "$namespace", "plant").Replace(q.Expr)
			if strings.Contains(expr, "$") {
				t.Errorf("%s has a variable that is not known: %s", p.Title, expr)
			}
			checkQuery(t, p.Title, expr, names)
			for name := range names {
				if strings.Contains(expr, name) {
					shown[strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")] = true
				}
			}
		}
	}
	// The dashboard tells of all that the issue names.
	for _, want := range []string{"admission_duration_seconds", "admission_findings_total", "findings", "store_entry_expiry_timestamp_seconds",
		"vault_calls_total", "sync_last_pass_timestamp_seconds", "store_held_entries", "ready", "build_info", "rules_duration_seconds", "review_duration_seconds"} {
		if !shown["storewarden_"+want] {
			t.Error(fmt.Sprint("no panel shows ", want))
		}
	}
}
