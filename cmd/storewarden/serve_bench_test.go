package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// These benchmarks size the pods: the real binary, built as for the image, against a real
// API server and a vault. What they report is of the process, not of an operation:
//
//	go test ./cmd/storewarden -run '^$' -bench Serve -benchtime 1x
//
// GOMEMLIMIT and GOGC of the environment reach the process.

const (
	sizedFacts   = 2000 // of design.md's target
	sizedPerSPC  = 50
	sizedRate    = 150 // reviews a second
	sizedFor     = 30 * time.Second
	sizedWriters = 15
	// settle is how long a process is left alone before it counts as idle: the runtime
	// gives memory back in the background, and a cycle of the refresh falls into it.
	settle = 15 * time.Second
)

// sized is a cluster and a vault that a process is measured against.
type sized struct {
	*testing.B
	srv    *apiserver.Server
	kv     *keyvault.Server
	bin    string
	caFile string
}

func newSized(b *testing.B) *sized {
	b.Helper()
	s := &sized{B: b, kv: keyvault.New(keyvault.Options{}), bin: filepath.Join(b.TempDir(), "storewarden"), caFile: filepath.Join(b.TempDir(), "ca.pem")}
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", s.bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	ctrllog.SetLogger(logr.Discard())
	s.srv = certtest.Must(apiserver.Start(b.Context(), apiserver.Options{CRDs: true}))(b)
	b.Cleanup(func() { _ = s.srv.Stop() })
	b.Cleanup(s.kv.Close)
	return s
}

// process is what is measured.
type process struct {
	*sized
	pid    int
	health string
	ready  time.Duration // from start to ready
}

// run starts a part with the rest of its configuration, and waits until it is ready.
func (s *sized) run(part, webhook, endpoint string, refresh time.Duration) *process {
	s.Helper()
	l := certtest.Must(freeAddress())(s)
	p := &process{sized: s, health: "http://" + l}
	config := filepath.Join(s.TempDir(), "config.yaml")
	text := fmt.Sprintf("vault: {kind: azure, endpoint: %q, caFile: %q, refresh: %s, allowed: {azure-iot-operations: [%s]}}\n"+
		"webhook: {health: %q, metrics: \"127.0.0.1:0\"%s}\nsync: {leaseNamespace: azure-iot-operations}\n", endpoint, s.caFile, refresh, scene.Vault, l, webhook)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	log := &safeBuffer{}
	cmd := exec.Command(s.bin, "serve", part, "--config", config, "--kubeconfig", s.srv.Kubeconfig)
	cmd.Env = append(os.Environ(), "AZURE_AUTHORITY_HOST="+s.kv.Authority(), "AZURE_TENANT_ID="+keyvault.DefaultTenant,
		"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=x")
	cmd.Stderr = log
	started := time.Now()
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.Failed() {
			text := log.String()
			s.Logf("%s\n%s", part, text[max(0, len(text)-2000):])
		}
	})
	p.pid = cmd.Process.Pid
	s.await(part+" is ready", func() bool { return status(p.health+"/readyz") == http.StatusOK })
	p.ready = time.Since(started)
	return p
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (s *sized) await(what string, ok func() bool) {
	s.Helper()
	for started := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(started) > 2*time.Minute {
			s.Fatalf("not within two minutes: %s", what)
		}
	}
}

// startVault starts it with n certificates.
func (s *sized) startVault(n int) (endpoint string) {
	s.Helper()
	for i := range n {
		c := s.cert(i)
		s.kv.Vault(scene.Vault).Set(fmt.Sprintf("m%d-der", i), keyvault.Secret{Value: c.Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
	}
	endpoint, ca, err := s.kv.Start()
	if err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(s.caFile, ca, 0o600); err != nil {
		s.Fatal(err)
	}
	return endpoint
}

// cert is a machine's. A few keys are enough: making one takes longer than all the rest.
func (s *sized) cert(i int) *certtest.Cert {
	name := fmt.Sprint("m", i)
	return certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: name, Key: certtest.RSA2048, KeyName: fmt.Sprint("key ", i%8), Now: time.Now(), URIs: []string{"urn:plant:" + name}}))(s)
}

func (s *sized) create(text string) {
	s.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		s.Fatal(err)
	}
	if err := s.srv.Client.Create(s.Context(), u); err != nil {
		s.Fatal(err)
	}
}

// of reads a line of the process's status, in MiB. VmRSS counts what is mapped of the
// binary too, which the kernel takes back where memory is short; RssAnon is without it.
func (p *process) of(field string) float64 {
	p.Helper()
	raw := certtest.Must(os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid)))(p)
	_, rest, _ := strings.Cut(string(raw), field+":")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return float64(certtest.Must(strconv.Atoi(kb))(p)) / 1024
}

// cpu is the time that it took from all processors.
func (p *process) cpu() time.Duration {
	p.Helper()
	raw := certtest.Must(os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid)))(p)
	_, rest, _ := bytes.Cut(raw, []byte(") ")) // behind the name; utime and stime are fields 14 and 15
	f := strings.Fields(string(rest))
	return time.Duration(certtest.Must(strconv.Atoi(f[11]))(p)+certtest.Must(strconv.Atoi(f[12]))(p)) * 10 * time.Millisecond
}

// started reports the start: on a busy machine the time says less than the processor's.
func (p *process) started() {
	p.ReportMetric(float64(p.ready.Milliseconds()), "ms-ready")
	p.ReportMetric(float64(p.cpu().Milliseconds()), "cpu-ms-ready")
}

func (p *process) idle(unit string) {
	time.Sleep(settle)
	p.ReportMetric(p.of("VmRSS"), "MiB-"+unit)
	p.ReportMetric(p.of("RssAnon"), "MiB-anon-"+unit)
}

func BenchmarkServeWebhook(b *testing.B) {
	s := newSized(b)
	endpoint := s.startVault(sizedFacts)
	dir, ca := b.TempDir(), certtest.Must(certtest.NewCA(certtest.Options{CommonName: "ca", Now: time.Now()}))(b)
	serving := certtest.Must(ca.Issue(certtest.Options{CommonName: "storewarden", IPAddresses: []string{"127.0.0.1"}, Now: time.Now()}))(b)
	for name, content := range map[string][]byte{"tls.crt": serving.PEM(), "tls.key": certtest.Must(serving.Key.PEM(certtest.PKCS8))(b), "ca.crt": ca.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	address := certtest.Must(freeAddress())(b)
	_, port, _ := strings.Cut(address, ":")
	for b.Loop() {
		p := s.run("--webhook", fmt.Sprintf(", host: 127.0.0.1, port: %s, certDir: %q, register: {url: \"https://%s\"}", port, dir, address), endpoint, 5*time.Minute)
		p.started()
		p.idle("idle")
		for i := range sizedFacts / sizedPerSPC {
			var entries strings.Builder
			for n := range sizedPerSPC {
				entries.WriteString(scene.Entry(fmt.Sprintf("m%d-der", i*sizedPerSPC+n)))
			}
			s.create(scene.Class(fmt.Sprint("spc-", i), entries.String()))
		}
		known := func() bool {
			return strings.Contains(body(p.health+"/readyz?verbose"), fmt.Sprintf("%d secrets known", sizedFacts))
		}
		s.await("all facts are known", known)
		p.idle("facts")
		p.load()
	}
}

// load writes trust lists of four certificates through the API server, dry.
func (p *process) load() {
	lists := make([]*corev1.Secret, 40)
	for i := range lists {
		o := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: trustList}, Data: map[string][]byte{}}
		for n := range 4 {
			o.Data[fmt.Sprintf("m%d.der", 4*i+n)] = p.cert(4*i + n).DER
		}
		lists[i] = o
	}
	ctx, stop := context.WithTimeout(p.Context(), sizedFor)
	defer stop()
	before, started := p.cpu(), time.Now()
	counts, peak, own := make([]int, sizedWriters), 0.0, 0.0
	var done sync.WaitGroup
	for w := range sizedWriters {
		done.Go(func() {
			tick := time.NewTicker(sizedWriters * time.Second / sizedRate)
			defer tick.Stop()
			for n := w; ctx.Err() == nil; n += sizedWriters {
				if err := p.srv.Client.Create(context.Background(), lists[n%len(lists)].DeepCopy(), client.DryRunAll); err != nil {
					p.Errorf("a good list: %v", err)
					return
				}
				counts[w]++
				<-tick.C
			}
		})
	}
	for ctx.Err() == nil {
		peak, own = max(peak, p.of("VmRSS")), max(own, p.of("RssAnon"))
		time.Sleep(100 * time.Millisecond)
	}
	done.Wait()
	took, reviews := time.Since(started), 0
	for _, n := range counts {
		reviews += n
	}
	p.ReportMetric(peak, "MiB-load")
	p.ReportMetric(own, "MiB-anon-load")
	p.ReportMetric(float64(reviews)/took.Seconds(), "reviews/s")
	p.ReportMetric(float64((p.cpu()-before).Microseconds())/float64(reviews), "cpu-us/review")
}

func body(url string) string {
	res, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	return b.String()
}

func BenchmarkServeSync(b *testing.B) {
	for _, stores := range []int{5, 200} {
		b.Run(fmt.Sprintf("stores=%d", stores), func(b *testing.B) {
			s := newSized(b)
			endpoint := s.startVault(4 * stores)
			s.create(scene.Class("spc", ""))
			for i := range stores {
				var sources []string
				for n := range 4 {
					m := 4*i + n
					sources = append(sources, fmt.Sprintf("{name: m%d, vaultSecret: {name: m%d-der}}", m, m))
				}
				s.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: s%d, namespace: azure-iot-operations}\n"+
					"spec: {role: opcua-trust, secretName: list-%d, vault: {secretProviderClassName: spc}, sources: [%s]}", i, i, strings.Join(sources, ", ")))
			}
			for b.Loop() {
				started := time.Now()
				p := s.run("--sync", "", endpoint, 10*time.Second)
				p.started()
				s.await("every list is filled", func() bool { return s.filled() == stores })
				b.ReportMetric(float64(time.Since(started).Milliseconds()), "ms-filled")
				b.ReportMetric(float64(p.cpu().Milliseconds()), "cpu-ms-filled")
				before, began := p.cpu(), time.Now()
				p.idle("idle")
				b.ReportMetric(float64((p.cpu()-before).Microseconds())/1000/time.Since(began).Seconds(), "cpu-ms/s-idle")
				b.ReportMetric(p.of("VmHWM"), "MiB-peak")
			}
		})
	}
}

func (s *sized) filled() int {
	n, all := 0, &corev1.SecretList{}
	if err := s.srv.Client.List(s.Context(), all, client.InNamespace(apiserver.StoreNamespace)); err != nil {
		return 0
	}
	for _, o := range all.Items {
		if strings.HasPrefix(o.Name, "list-") && len(o.Data) == 4 {
			n++
		}
	}
	return n
}
