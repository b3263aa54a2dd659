using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Trainers;

/// <summary>
/// What trainers call (trainers/protocol.md), with the token of the attempt. A callback writes the database and then raises an event to the
/// orchestration. A trainer that gets no answer sends the batch again, which raises the event again.
/// </summary>
public sealed class AttemptCallbackFunctions(PlatformDatabase database, EventIngest events, AttemptInputs inputs, ObjectStores stores)
{
    private const string EventsExample =
        """{"events":[{"seq":1,"time":"2026-11-20T08:30:00Z","type":"started","device":"cuda:0"},{"seq":2,"time":"2026-11-20T08:30:01Z","type":"log","level":"info","message":"epoch 1 of 10","source":"trainer"}]}""";
    private const string ImagesExample = """{"paths":["scratch/img_0001.png"]}""";
    private const string UploadExample =
        """{"name":"epoch_1.pt","kind":"checkpoint","size":1048576,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}""";
    private const string CompletionExample =
        $$"""{"key":"checkpoints/{{Examples.TrainingJob}}/1/epoch_1.pt","uploadId":"2~q83vEjRWeJCrze8S","parts":[{"number":1,"etag":"\"d41d8cd98f00b204e9800998ecf8427e\""}]}""";
    private const int MaxEventBytes = 8 * 1024 * 1024;
    private const long SinglePutLimit = 64L * 1024 * 1024;
    private const long PartSize = 16L * 1024 * 1024;
    private const long LargestArtifact = 64L * 1024 * 1024 * 1024;

    [Function("ReportAttemptEvents"), TrainerAccess]
    [Operation("Report events", Tag = "Trainers", Body = typeof(AttemptEventBatch), Example = EventsExample, Returns = typeof(AttemptEventReply),
        Description = "Stores a batch of events of a trainer. An event that is not right is refused by its index, and the others are stored. Sending a batch again is harmless.")]
    public async Task<IResult> ReportEvents(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/trainer/attempts/{attemptId:guid}/events")] HttpRequest request,
        Guid attemptId, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var batch = await request.ReadJsonItemsAsync<AttemptEvent>("events", cancellation, MaxEventBytes);
        var taken = await events.TakeAsync(attemptId, [.. batch.Select(Reported)], cancellation);
        foreach (var subject in taken.Subjects)
            await durable.WakeAsync(subject, "reported", cancellation);
        return Answer.Ok(taken.Reply);
    }

    private static ReportedEvent Reported(JsonItem<AttemptEvent> item)
    {
        if (item.Value is { } entry)
            return ReportedEvent.Of(entry);
        var isObject = item.Json.ValueKind == JsonValueKind.Object;
        long? sequence = isObject && item.Json.TryGetProperty("seq", out var seq) && seq.ValueKind == JsonValueKind.Number && seq.TryGetInt64(out var number) ? number : null;
        var (field, message) = item.Errors!.First;
        return new ReportedEvent(sequence, null, field, message);
    }

    [Function("RequestAttemptImages"), TrainerAccess]
    [Operation("Ask for image addresses", Tag = "Trainers", Body = typeof(AttemptImageRequest), Example = ImagesExample, Returns = typeof(AttemptImages), Problems = ["ATTEMPT_ENDED"],
        Description = "Where the trainer can download images of the attempt's dataset version. It asks for those that its cache lacks, just before it downloads them.")]
    public async Task<IResult> RequestImages(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/trainer/attempts/{attemptId:guid}/images")] HttpRequest request,
        Guid attemptId, CancellationToken cancellation)
    {
        var attempt = await RequireRunningAsync(attemptId, cancellation);
        var wanted = await request.ReadJsonAsync<AttemptImageRequest>(cancellation);
        return Answer.Ok(await inputs.ImagesAsync(attempt, wanted.Paths!, cancellation));
    }

    [Function("RequestAttemptUpload"), TrainerAccess]
    [Operation("Ask for an upload address", Tag = "Trainers", Body = typeof(AttemptUploadRequest), Example = UploadExample, Returns = typeof(AttemptUpload), Problems = ["ATTEMPT_ENDED", "INVALID_PATH", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Where the trainer can upload a checkpoint or model file: with one PUT up to 64 MiB, in parts above that.")]
    public async Task<IResult> RequestUpload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/trainer/attempts/{attemptId:guid}/uploads")] HttpRequest request,
        Guid attemptId, CancellationToken cancellation)
    {
        var attempt = await RequireRunningAsync(attemptId, cancellation);
        var wanted = await request.ReadJsonAsync<AttemptUploadRequest>(cancellation);
        if (!ArtifactNames.IsValid(wanted.Name))
            throw new ProblemException(ErrorCodes.InvalidPath, "A name has up to 128 letters, digits, dots, dashes and underscores, and does not begin with a dot.", "name");
        if (wanted.Size is <= 0 or > LargestArtifact)
            throw new ProblemException(ErrorCodes.ValidationFailed, $"The size must be from 1 to {LargestArtifact} bytes.", "size");
        // A key of this upload alone: no earlier URL can write to it, and an interrupted upload is no obstacle to the next one of the same name.
        var key = $"{attempt.ArtifactPrefix}{Guid.CreateVersion7():n}/{wanted.Name}";
        var contentType = wanted.ContentType ?? "application/octet-stream";
        return Answer.Ok(wanted.Size <= SinglePutLimit ? Put(key, contentType, wanted.Size) : await MultipartAsync(key, contentType, wanted.Size, cancellation));
    }

    [Function("CompleteAttemptUpload"), TrainerAccess]
    [Operation("Finish an upload in parts", Tag = "Trainers", Body = typeof(AttemptUploadCompletion), Example = CompletionExample, Returns = typeof(AttemptUploadDone), Problems = ["ATTEMPT_ENDED", "STORAGE_ERROR", "STORAGE_UNAVAILABLE"],
        Description = "Assembles the uploaded parts to one file.")]
    public async Task<IResult> CompleteUpload(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/trainer/attempts/{attemptId:guid}/uploads/complete")] HttpRequest request,
        Guid attemptId, CancellationToken cancellation)
    {
        var attempt = await RequireRunningAsync(attemptId, cancellation);
        var done = await request.ReadJsonAsync<AttemptUploadCompletion>(cancellation);
        if (!done.Key.StartsWith(attempt.ArtifactPrefix, StringComparison.Ordinal))
            throw new ProblemException(ErrorCodes.ValidationFailed, "The key does not belong to this attempt.", "key");
        try
        {
            await stores.Internal.CompleteMultipartAsync(done.Key, done.UploadId, done.Parts.Select(part => new UploadedPart(part.Number, part.Etag)), cancellation);
        }
        catch (MultipartRefusedException refused)
        {
            // A completion that is repeated because its answer was lost is refused although the object is there.
            if (await stores.Internal.HeadAsync(done.Key, cancellation) is null)
                throw new ProblemException(ErrorCodes.ValidationFailed, $"The object store refused these parts ({refused.Code}).", "parts");
        }

        return Answer.Ok(new AttemptUploadDone(done.Key));
    }

    private AttemptUpload Put(string key, string contentType, long size)
    {
        var put = stores.Internal.PresignPutOnce(key, contentType, size, AttemptFiles.UploadUrlLifetime);
        return new AttemptUpload(key, "put", new Uri(put.Url), put.Headers, null, null, null);
    }

    private async Task<AttemptUpload> MultipartAsync(string key, string contentType, long size, CancellationToken cancellation)
    {
        // S3 and R2 allow 10,000 parts. R2 wants all of them but the last to be equal in size.
        var partSize = Math.Max(PartSize, (size / 10_000 / PartSize + 1) * PartSize);
        var uploadId = await stores.Internal.CreateMultipartAsync(key, contentType, cancellation);
        var parts = Enumerable.Range(1, (int)((size + partSize - 1) / partSize))
            .Select(number => new AttemptUploadPart(number, new Uri(stores.Internal.PresignPart(
                key, uploadId, number, Math.Min(partSize, size - (number - 1) * partSize), AttemptFiles.UploadUrlLifetime).Url)));
        return new AttemptUpload(key, "multipart", null, null, uploadId, partSize, [.. parts]);
    }

    private async Task<Attempt> RequireRunningAsync(Guid attemptId, CancellationToken cancellation)
    {
        var attempt = await database.Attempts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == attemptId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such attempt.");
        return attempt.State.IsTerminal() ? throw new ProblemException(ErrorCodes.AttemptEnded) : attempt;
    }
}
