package main

import (
	"context"
	"fmt"
	"io"

	pb "polycue/clients/go/gen/polycue/api/v1"
)

// create queues the film's job: SRT and WebVTT in the spoken language and in others.
func (s *server) create(ctx context.Context, upload string, others []string) (*pb.Job, error) {
	translations := make([]*pb.TranslateConfig, len(others))
	for i, language := range others {
		translations[i] = &pb.TranslateConfig{TargetLanguageCode: language}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	response, err := s.jobs.CreateJob(ctx, &pb.CreateJobRequest{
		RequestId: requestID(),
		Spec: &pb.JobSpec{Task: &pb.JobSpec_Subtitle{Subtitle: &pb.SubtitleTask{
			Media:        &pb.MediaSource{Source: &pb.MediaSource_Upload{Upload: upload}},
			Translations: translations,
			Formats: []pb.SubtitleFormat{
				pb.SubtitleFormat_SUBTITLE_FORMAT_SRT,
				pb.SubtitleFormat_SUBTITLE_FORMAT_VTT,
			},
		}}},
	})
	return response.GetJob(), err
}

// watch follows a job to its end, over broken streams and restarted servers.
func (s *server) watch(
	ctx context.Context, name string, tell func(*pb.StageProgress),
) (*pb.Job, error) {
	var job *pb.Job
	after := int64(0)
	err := persist(ctx, func() (bool, error) {
		before := after
		err := s.follow(ctx, name, &after, func(event *pb.WatchJobResponse) {
			if event.GetJob() != nil {
				job = event.GetJob()
			}
			if event.GetProgress() != nil {
				tell(event.GetProgress())
			}
		})
		return after > before, err
	})
	if err != nil {
		return nil, err
	}
	if job.GetState() != pb.JobState_JOB_STATE_SUCCEEDED {
		return nil, fmt.Errorf("%s: %s %s", name, job.GetState(), job.GetFailure().GetMessage())
	}
	return job, nil
}

// follow reads one stream of events; that it ends well means that the job has ended.
func (s *server) follow(
	ctx context.Context, name string, after *int64, tell func(*pb.WatchJobResponse),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.jobs.WatchJob(ctx, &pb.WatchJobRequest{Name: name, AfterSequence: *after})
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		*after = event.Sequence
		tell(event)
	}
}
