package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const jobFiles = moduleRoot + "/examples/jobs"

// jobShell returns a function that runs a shell with unpkl on its path, and a folder of pickles,
// one of which is broken.
func jobShell(t *testing.T) (run func(env string, args ...string) error, folder string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the examples are for sh")
	}
	tools := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// TestMain makes the test's own binary act as unpkl under that name.
	if err := os.Symlink(self, filepath.Join(tools, "unpkl")); err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for name, from := range map[string]string{"a.pkl": "table.pkl", "x/b.pkl": "mix.pkl",
		"x/c.pkl": "two.pkl", "d.pkl": "cases.json"} {
		data, err := os.ReadFile(filepath.Join(commandFiles, from))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "in", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func(env string, args ...string) error {
		cmd := exec.Command("sh", args...)
		cmd.Env = append(os.Environ(), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"),
			env)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("sh %q: %v\n%s", args, err, out)
		}
		return err
	}, folder
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestJobScripts runs the examples for xargs and Slurm with eight shards each, which when joined
// must equal the output of one run.
func TestJobScripts(t *testing.T) {
	t.Parallel()
	run, folder := jobShell(t)
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")
	if err := run("X=", filepath.Join(jobFiles, "xargs.sh"), in, out); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(folder, "one.jsonl")
	run("X=", "-c", "unpkl convert --errors "+one+".errors '"+in+"/**/*.pkl' "+one)
	want := readAll(t, one)
	if strings.Count(want, "\n") != 3 || readAll(t, out+".jsonl") != want {
		t.Errorf("xargs wrote\n%.2000s\none run\n%.2000s", readAll(t, out+".jsonl"), want)
	}
	if got := readAll(t, out+".errors.jsonl"); got != readAll(t, one+".errors") ||
		!strings.Contains(got, "d.pkl") {
		t.Errorf("errors: %s", got)
	}
	slurm := filepath.Join(folder, "slurm")
	for _, i := range []string{"0", "1", "2", "3", "4", "5", "6", "7"} {
		if err := run("SLURM_ARRAY_TASK_ID="+i, filepath.Join(jobFiles, "slurm.sh"), in,
			slurm); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("X=", "-c", "unpkl join-shards -o "+slurm+".jsonl "+slurm); err != nil ||
		readAll(t, slurm+".jsonl") != want {
		t.Errorf("the shards of Slurm: %v", err)
	}
}

// TestKubernetesJob parses the example and runs its command for each index.
func TestKubernetesJob(t *testing.T) {
	t.Parallel()
	var job struct {
		Kind string
		Spec struct {
			CompletionMode string `yaml:"completionMode"`
			Completions    int
			Template       struct {
				Spec struct {
					Containers []struct{ Command, Args []string }
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readAll(t, filepath.Join(jobFiles, "kubernetes.yaml"))),
		&job); err != nil {
		t.Fatal(err)
	}
	containers := job.Spec.Template.Spec.Containers
	if job.Kind != "Job" || job.Spec.CompletionMode != "Indexed" || len(containers) != 1 ||
		!slices.Equal(containers[0].Command, []string{"/bin/sh", "-c"}) {
		t.Fatalf("%+v", job)
	}
	run, folder := jobShell(t)
	script := strings.ReplaceAll(containers[0].Args[0], "/data/", folder+"/")
	if err := os.Mkdir(filepath.Join(folder, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range job.Spec.Completions {
		if err := run("JOB_COMPLETION_INDEX="+string(rune('0'+i)), "-c", script); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("X=", "-c", "unpkl join-shards "+filepath.Join(folder, "out")); err != nil {
		t.Error(err)
	}
}

// TestSparkCommand runs the command through which the example for Spark pipes paths.
func TestSparkCommand(t *testing.T) {
	t.Parallel()
	run, folder := jobShell(t)
	_, rest, _ := strings.Cut(readAll(t, filepath.Join(jobFiles, "spark.py")), `COMMAND = "`)
	command, _, ok := strings.Cut(rest, "\"\n")
	if !ok {
		t.Fatal("spark.py has no COMMAND")
	}
	out := filepath.Join(folder, "lines")
	in := filepath.Join(folder, "in")
	err := run("X=", "-c", "printf '%s\\n' "+in+"/a.pkl "+in+"/d.pkl "+in+"/x/c.pkl | "+command+
		" > "+out)
	if err != nil || strings.Count(readAll(t, out), "\n") != 2 {
		t.Errorf("%v: %.500s", err, readAll(t, out))
	}
}

// TestRayFunction runs the function that the example for Ray runs on each node.
func TestRayFunction(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no Python")
	}
	run, folder := jobShell(t)
	in := filepath.Join(folder, "in")
	program := "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '" + jobFiles +
		"'); import ray; ray.convert(3, ['" + in + "/a.pkl', '" + in + "/d.pkl'], '" + folder + "')"
	if err := run("X=", "-c", python+` -c "`+program+`"`); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(readAll(t, filepath.Join(folder, "lines-00003.jsonl")), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(readAll(t, filepath.Join(folder, "errors-00003.jsonl")), "d.pkl") {
		t.Error("the errors do not name d.pkl")
	}
}

// TestAirflowCommands runs the commands of the example's tasks.
func TestAirflowCommands(t *testing.T) {
	t.Parallel()
	run, folder := jobShell(t)
	_, rest, _ := strings.Cut(readAll(t, filepath.Join(jobFiles, "airflow_dag.py")),
		"COMMAND = (")
	text, _, ok := strings.Cut(rest, ")\n\n")
	if !ok {
		t.Fatal("airflow_dag.py has no COMMAND")
	}
	var command strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		command.WriteString(strings.ReplaceAll(line[1:len(line)-1], `\"`, `"`))
	}
	if err := os.Mkdir(filepath.Join(folder, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	for shard := range 8 {
		one := strings.NewReplacer("{shard}", string(rune('0'+shard)), "{shards}", "8", "/data/",
			folder+"/").Replace(command.String())
		if err := run("X=", "-c", one); err != nil {
			t.Fatal(err)
		}
	}
	if err := run("X=", "-c", "unpkl join-shards "+folder+"/out"); err != nil {
		t.Error(err)
	}
}
