// Command subtitle sends a film to a polycue server and writes the subtitles beside it.
//
//	go run . --server localhost:50051 --translate-to es,de film.mp4
//
// It survives what a long job meets: an upload that breaks is taken up at the byte the server has,
// a watch that breaks at the event it came to, a download at the byte that was written.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	pb "polycue/clients/go/gen/polycue/api/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "subtitle:", explain(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("subtitle", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "subtitle [flags] FILM\n\nFor example: subtitle --translate-to es,de film.mp4\n\nFlags:")
		flags.PrintDefaults()
	}
	target := flags.String("server", "localhost:50051", "`address` where polycue serves")
	ca := flags.String("tls-ca", "", "speak TLS and trust these certificates (PEM `file`, or 'system')")
	token := flags.String("token-file", "", "`file` with the token that says who calls")
	translateTo := flags.String("translate-to", "", "`languages` besides the spoken one, such as es,de")
	folder := flags.String("output", "", "`folder` for the subtitles; the film's own unless given")
	flags.Parse(args)
	if flags.NArg() != 1 {
		flags.Usage()
		return fmt.Errorf("one film is wanted, %d were given", flags.NArg())
	}
	film := flags.Arg(0)
	if *folder == "" {
		*folder = filepath.Dir(film)
	}

	server, err := connect(*target, *ca, *token)
	if err != nil {
		return err
	}
	defer server.close()
	upload, err := server.upload(ctx, film)
	if err != nil {
		return err
	}
	job, err := server.create(ctx, upload, languages(*translateTo))
	if err != nil {
		return err
	}
	job, err = server.watch(ctx, job.Name, tell)
	if err != nil {
		return err
	}
	for _, artifact := range job.Artifacts {
		path, err := server.download(ctx, artifact, *folder)
		if err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

func languages(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// tell writes how far a stage came, on a line that the next one takes the place of.
func tell(progress *pb.StageProgress) {
	stage := strings.ToLower(strings.TrimPrefix(progress.Stage.String(), "JOB_STAGE_"))
	fmt.Fprintf(os.Stderr, "\r%-12s %6.0f s", stage, progress.ProcessedDuration.AsDuration().Seconds())
	if progress.Finished {
		fmt.Fprintln(os.Stderr)
	}
}
