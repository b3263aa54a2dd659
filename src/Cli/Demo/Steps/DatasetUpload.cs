using System.Net;
using System.Threading.Channels;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>
/// Creates a dataset and fills it. Three stages run at the same time: ask for upload URLs, PUT the files straight into
/// object storage, tell the platform which ones are there.
/// </summary>
internal sealed class DatasetUpload(PlatformClient api, HttpClient storage, Terminal terminal, TimeProvider time)
{
    private const int FilesPerRequest = 500;
    private const int ParallelPuts = 16;
    private const int UploadsPerCompletion = 200;
    private const int ParallelCompletions = 3;
    private const int PutTries = 5;

    private int _stored;
    private int _completed;

    public async Task<Dataset> RunAsync(Project project, string name, IReadOnlyList<LocalImage> images, CancellationToken cancellation)
    {
        var dataset = await api.CreateDatasetAsync(project.Id, name, cancellation);
        var started = time.GetTimestamp();
        await terminal.WhileAsync("uploading", async progress =>
        {
            await UploadAsync(dataset.Id, images, progress, cancellation);
            return _completed;
        });
        var elapsed = time.GetElapsedTime(started).TotalSeconds;

        dataset = await api.GetDatasetAsync(dataset.Id, cancellation);
        terminal.Line($"dataset '{dataset.Name}' [dim]{dataset.Id}[/]");
        terminal.Line($"{Format.Count(dataset.ImageCount, "image")}, {Format.Size(dataset.SizeBytes)} in {Format.Seconds(elapsed)} ({images.Count / elapsed:0} images/s)");
        terminal.Line($"{Format.Count(dataset.Classes.Count, "class", "classes")}: {string.Join(", ", dataset.Classes.Select(c => $"{c.Name} ({c.ImageCount})"))}");
        return dataset;
    }

    private async Task UploadAsync(string datasetId, IReadOnlyList<LocalImage> images, ProgressLine progress, CancellationToken cancellation)
    {
        // The first stage that fails ends the others.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tickets = Channel.CreateBounded<(LocalImage Image, UploadTicket Ticket)>(FilesPerRequest);
        var stored = Channel.CreateUnbounded<string>();
        Task[] stages =
        [
            RequestAsync(datasetId, images, tickets.Writer, stop.Token),
            StoreAsync(tickets.Reader, stored.Writer, () => Show(progress, images.Count), stop.Token),
            CompleteAsync(datasetId, stored.Reader, () => Show(progress, images.Count), stop.Token),
        ];
        await foreach (var ended in Task.WhenEach(stages))
        {
            if (!ended.IsCompletedSuccessfully)
                await stop.CancelAsync();
        }
        var failure = stages.FirstOrDefault(s => s.IsFaulted) ?? stages.FirstOrDefault(s => s.IsCanceled) ?? Task.CompletedTask;
        await failure;
    }

    private async Task RequestAsync(
        string datasetId, IReadOnlyList<LocalImage> images, ChannelWriter<(LocalImage, UploadTicket)> tickets, CancellationToken cancellation)
    {
        var byPath = images.ToDictionary(i => i.Path, StringComparer.Ordinal);
        foreach (var batch in images.Chunk(FilesPerRequest))
        {
            var files = batch.Select(i => new UploadRequest(i.Path, i.Size, i.ContentType)).ToList();
            var answer = await api.RequestUploadsAsync(datasetId, files, cancellation);
            foreach (var ticket in answer.Uploads)
                await tickets.WriteAsync((byPath[ticket.Path], ticket), cancellation);
        }
        tickets.Complete();
    }

    private async Task StoreAsync(
        ChannelReader<(LocalImage Image, UploadTicket Ticket)> tickets, ChannelWriter<string> stored, Action show, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelPuts, CancellationToken = cancellation };
        await Parallel.ForEachAsync(tickets.ReadAllAsync(cancellation), parallel, async (upload, token) =>
        {
            await PutAsync(upload.Image, upload.Ticket, token);
            Interlocked.Increment(ref _stored);
            show();
            await stored.WriteAsync(upload.Ticket.UploadId, token);
        });
        stored.Complete();
    }

    private async Task CompleteAsync(string datasetId, ChannelReader<string> stored, Action show, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ParallelCompletions, CancellationToken = cancellation };
        await Parallel.ForEachAsync(Batches(stored, cancellation), parallel, async (batch, token) =>
        {
            var answer = await api.CompleteUploadsAsync(datasetId, batch, token);
            if (answer.Failed is [var first, ..])
                throw new CommandException($"{answer.Failed.Count} of {batch.Count} uploads were refused, first '{first.Path}': {first.Code}: {first.Detail} {first.SuggestedAction}");
            Interlocked.Add(ref _completed, answer.Completed.Count);
            show();
        });
    }

    private static async IAsyncEnumerable<IReadOnlyList<string>> Batches(
        ChannelReader<string> stored, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var batch = new List<string>(UploadsPerCompletion);
        await foreach (var uploadId in stored.ReadAllAsync(cancellation))
        {
            batch.Add(uploadId);
            if (batch.Count < UploadsPerCompletion)
                continue;
            yield return batch;
            batch = new List<string>(UploadsPerCompletion);
        }
        if (batch.Count > 0)
            yield return batch;
    }

    /// <summary>Uploads one file. A URL can be used once, so 412 means that an earlier try succeeded.</summary>
    private async Task PutAsync(LocalImage image, UploadTicket ticket, CancellationToken cancellation)
    {
        var bytes = await File.ReadAllBytesAsync(image.File, cancellation);
        for (var tries = 1; ; tries++)
        {
            string reason;
            try
            {
                using var request = PutRequest(ticket, bytes);
                using var response = await storage.SendAsync(request, cancellation);
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.PreconditionFailed)
                    return;
                reason = $"HTTP {(int)response.StatusCode}";
                var transient = (int)response.StatusCode >= 500
                    || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
                if (!transient)
                    throw new CommandException($"object storage refused '{image.Path}': {reason} {await response.Content.ReadAsStringAsync(cancellation)}");
            }
            catch (HttpRequestException failure)
            {
                reason = failure.InnerException?.Message ?? failure.Message;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                reason = $"no answer in {storage.Timeout.TotalSeconds:0} s";
            }
            if (tries == PutTries)
                throw CommandException.Unavailable($"object storage at {new Uri(ticket.Url).Authority} did not take '{image.Path}' in {PutTries} tries: {reason}");
            await Task.Delay(TimeSpan.FromSeconds(0.25 * Math.Pow(2, tries) * (0.5 + Random.Shared.NextDouble())), time, cancellation);
        }
    }

    private static HttpRequestMessage PutRequest(UploadTicket ticket, byte[] bytes)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, ticket.Url) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in ticket.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    private void Show(ProgressLine progress, int total)
    {
        var completed = Volatile.Read(ref _completed);
        progress.Show($"{Volatile.Read(ref _stored)}/{total} stored, {completed}/{total} checked", completed, total);
    }
}
