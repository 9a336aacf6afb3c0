package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
)

func newVaultStatus() *cobra.Command {
	var url, output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what a running server knows of its vaults",
		Long: `Status reads the metrics of a running "storewarden serve" and shows them by vault:
how many secrets are known, how old the oldest fact is, how many calls were made
and why they failed, and as whom.

Exit code: 0 all vaults answer, 1 one throttles or a reference ended in trouble, 2
the server could not be asked.`,
		Example: `  kubectl port-forward -n storewarden deploy/storewarden-webhook 8080 &
  storewarden vault status`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readVaultStatus(cmd.Context(), url, time.Now())
			if err != nil {
				return err
			}
			if err := s.write(cmd.OutOrStdout(), output); err != nil {
				return err
			}
			if s.troubled() {
				return exit(exitFindings)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "metrics", "http://127.0.0.1:8080/metrics", "where the server's metrics are")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

// vaultStatus is what metrics tell of vaults.
type vaultStatus struct {
	Vaults     []vaultLine    `json:"vaults"`
	Identities []identityLine `json:"identities"`
	// Answers counts by where they came from: fresh, stale, fetched, refused.
	Answers map[string]int `json:"answers"`
}

type vaultLine struct {
	Vault     string         `json:"vault"`
	Known     int            `json:"known"`
	Trouble   int            `json:"trouble"`
	OldestAge float64        `json:"oldestAgeSeconds"` // 0 without facts
	Pause     float64        `json:"pauseSeconds"`
	RateLimit float64        `json:"rateLimit"`
	Calls     int            `json:"calls"`
	Failed    map[string]int `json:"failed"` // by reason
}

type identityLine struct {
	Identity string    `json:"identity"`
	Expires  time.Time `json:"expires"` // of the present token, zero for none
	Acquired time.Time `json:"acquired"`
	Failed   int       `json:"failed"`
}

func readVaultStatus(ctx context.Context, url string, now time.Time) (vaultStatus, error) {
	var s vaultStatus
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return s, fmt.Errorf("--metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, fmt.Errorf("the server's metrics could not be read: %w; name them with --metrics URL", err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, 64<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("%s answered %s, and not with metrics", url, resp.Status)
	}
	return vaultStatusOf(families, now), nil
}

func vaultStatusOf(families map[string]*dto.MetricFamily, now time.Time) vaultStatus {
	vaults, identities := map[string]*vaultLine{}, map[string]*identityLine{}
	s := vaultStatus{Vaults: []vaultLine{}, Identities: []identityLine{}, Answers: map[string]int{}}
	each := func(name string, f func(labels map[string]string, value float64)) {
		for _, m := range families[name].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			f(labels, m.GetGauge().GetValue()+m.GetCounter().GetValue())
		}
	}
	ofVault := func(name string, f func(v *vaultLine, labels map[string]string, value float64)) {
		each(name, func(labels map[string]string, value float64) {
			v := vaults[labels["vault"]]
			if v == nil {
				v = &vaultLine{Vault: labels["vault"], Failed: map[string]int{}}
				vaults[v.Vault] = v
			}
			f(v, labels, value)
		})
	}
	ofIdentity := func(name string, f func(i *identityLine, labels map[string]string, value float64)) {
		each(name, func(labels map[string]string, value float64) {
			i := identities[labels["identity"]]
			if i == nil {
				i = &identityLine{Identity: labels["identity"]}
				identities[i.Identity] = i
			}
			f(i, labels, value)
		})
	}
	ofVault("storewarden_vault_facts", func(v *vaultLine, labels map[string]string, n float64) {
		if labels["state"] == "known" {
			v.Known = int(n)
		} else {
			v.Trouble = int(n)
		}
	})
	ofVault("storewarden_vault_oldest_seen_timestamp_seconds", func(v *vaultLine, _ map[string]string, at float64) {
		v.OldestAge = max(0, now.Sub(time.Unix(int64(at), 0)).Round(time.Second).Seconds())
	})
	ofVault("storewarden_vault_pause_seconds", func(v *vaultLine, _ map[string]string, n float64) { v.Pause = n })
	ofVault("storewarden_vault_rate_limit", func(v *vaultLine, _ map[string]string, n float64) { v.RateLimit = n })
	ofVault("storewarden_vault_calls_total", func(v *vaultLine, labels map[string]string, n float64) {
		v.Calls += int(n)
		if o := labels["outcome"]; o != "ok" {
			v.Failed[o] += int(n)
		}
	})
	ofIdentity("storewarden_vault_token_expiry_timestamp_seconds", func(i *identityLine, _ map[string]string, at float64) { i.Expires = time.Unix(int64(at), 0).UTC() })
	ofIdentity("storewarden_vault_token_acquired_timestamp_seconds", func(i *identityLine, _ map[string]string, at float64) { i.Acquired = time.Unix(int64(at), 0).UTC() })
	ofIdentity("storewarden_vault_tokens_total", func(i *identityLine, labels map[string]string, n float64) {
		if labels["outcome"] != "ok" {
			i.Failed += int(n)
		}
	})
	each("storewarden_vault_answers_total", func(labels map[string]string, n float64) { s.Answers[labels["from"]] = int(n) })
	for _, v := range vaults {
		s.Vaults = append(s.Vaults, *v)
	}
	for _, i := range identities {
		s.Identities = append(s.Identities, *i)
	}
	slices.SortFunc(s.Vaults, func(a, b vaultLine) int { return cmp.Compare(a.Vault, b.Vault) })
	slices.SortFunc(s.Identities, func(a, b identityLine) int { return cmp.Compare(a.Identity, b.Identity) })
	return s
}

func (s vaultStatus) troubled() bool {
	return slices.ContainsFunc(s.Vaults, func(v vaultLine) bool { return v.Trouble > 0 || v.Pause > 0 })
}

func (s vaultStatus) write(w io.Writer, output string) error {
	switch output {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	case "text":
	default:
		return fmt.Errorf("-o %s is none of text, json", output)
	}
	if len(s.Vaults) == 0 {
		_, err := fmt.Fprintln(w, "no vault was asked for anything yet")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VAULT\tKNOWN\tTROUBLE\tOLDEST\tCALLS\tFAILED\tPER SECOND\tPAUSED")
	for _, v := range s.Vaults {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%d\t%s\t%.1f\t%s\n", v.Vault, v.Known, v.Trouble, age(v.OldestAge), v.Calls, reasons(v.Failed), v.RateLimit, age(v.Pause))
	}
	if len(s.Identities) > 0 {
		fmt.Fprintln(t, "\nIDENTITY\tTOKEN UNTIL\tFAILED")
		for _, i := range s.Identities {
			until := "none"
			if !i.Expires.IsZero() {
				until = i.Expires.Format(time.RFC3339)
			}
			fmt.Fprintf(t, "%s\t%s\t%d\n", i.Identity, until, i.Failed)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nanswers: %d from memory, %d from memory and looked at again, %d fetched, %d refused\n",
		s.Answers["fresh"], s.Answers["stale"], s.Answers["fetched"], s.Answers["refused"])
	return err
}

func age(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	return (time.Duration(seconds) * time.Second).String()
}

// reasons are sorted, so that two looks can be compared.
func reasons(failed map[string]int) string {
	out := ""
	for _, r := range slices.Sorted(maps.Keys(failed)) {
		out += fmt.Sprintf(" %s %d", r, failed[r])
	}
	if out == "" {
		return "-"
	}
	return out[1:]
}
