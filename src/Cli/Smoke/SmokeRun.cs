using System.Net;
using System.Runtime.CompilerServices;
using VisionPlatform.Cli.Demo;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Smoke;

/// <summary>
/// The checks, one after the other. After a failure those that need it are skipped; what was made is removed in any case, also after Ctrl-C.
/// </summary>
/// <param name="anonymous">Sends requests without a session.</param>
/// <param name="storage">Sends images to object storage, as a browser would.</param>
/// <param name="training">How long the training may take; zero: none.</param>
internal sealed class SmokeRun(PlatformClient api, HttpClient anonymous, HttpClient storage, Credentials account, TimeSpan training, TimeProvider time)
{
    private static readonly TimeSpan PublishLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromMinutes(1);

    private readonly List<SmokeCheck> _checks = [];
    private Project? _project;
    private Dataset? _dataset;
    private DatasetVersion? _version;
    private TrainingJob? _job;

    /// <summary>Whether the installation did not answer at all.</summary>
    public bool IsAway { get; private set; }

    public SmokeReport Report(Uri url) => new(url, Count("passed"), Count("failed"), Count("skipped"), _checks);

    public async IAsyncEnumerable<SmokeCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        (string Name, Func<CancellationToken, Task<string>> Check)[] checks =
        [
            ("health", HealthAsync), ("docs", DocsAsync), ("closed", ClosedAsync), ("streaming", StreamAsync), ("sign-in", SignInAsync), ("project", CreateProjectAsync),
            ("upload", UploadAsync), ("publish", PublishAsync), ("training", TrainAsync),
        ];
        var failed = false;
        foreach (var (name, check) in checks)
        {
            var done = failed || cancellation.IsCancellationRequested ? Add(new SmokeCheck(name, "skipped", "a check before it failed", 0)) : await TryAsync(name, check, cancellation);
            failed |= done.Status == "failed";
            yield return done;
        }
        // With a limit of its own: what was made is removed even if the user has interrupted the run.
        using var limit = new CancellationTokenSource(CleanUpLimit, time);
        if (_project is not null)
            yield return await TryAsync("clean-up", CleanUpAsync, limit.Token);
    }

    private async Task<SmokeCheck> TryAsync(string name, Func<CancellationToken, Task<string>> check, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        try
        {
            var detail = await check(cancellation);
            return Add(new SmokeCheck(name, "passed", detail, Elapsed()));
        }
        catch (Skipped skipped)
        {
            return Add(new SmokeCheck(name, "skipped", skipped.Message, Elapsed()));
        }
        catch (Exception problem)
        {
            var failure = Failure.From(problem);
            IsAway |= name == "health" && failure.ExitCode == ExitCode.Unavailable;
            return Add(new SmokeCheck(name, "failed", failure.Message, Elapsed()));
        }

        long Elapsed() => (long)time.GetElapsedTime(started).TotalMilliseconds;
    }

    private async Task<string> HealthAsync(CancellationToken cancellation)
    {
        await api.WaitUntilReadyAsync(cancellation);
        return "every service that the app needs answers";
    }

    private async Task<string> DocsAsync(CancellationToken cancellation)
    {
        foreach (var path in (string[])["api/v1/docs", "api/v1/openapi.json"])
        {
            using var answer = await anonymous.GetAsync(path, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw new CommandException($"/{path} answers {(int)answer.StatusCode}");
        }
        return "the description of the API is there";
    }

    private async Task<string> ClosedAsync(CancellationToken cancellation)
    {
        using var answer = await anonymous.GetAsync("api/v1/projects", cancellation);
        return answer.StatusCode == HttpStatusCode.Unauthorized ? "nobody reads projects without signing in" : throw new CommandException($"/api/v1/projects answers {(int)answer.StatusCode} to a stranger");
    }

    private async Task<string> StreamAsync(CancellationToken cancellation) => await StreamProbe.IsHeldBackAsync(anonymous, time, cancellation)
        ? "something holds responses back until they end: platform-cli and others have to poll for events (docs/hosts.md)"
        : "events arrive when they happen";

    private async Task<string> SignInAsync(CancellationToken cancellation)
    {
        var session = await api.SignInAsync(account.Email, account.Password, cancellation);
        if (session.MustChangePassword)
            throw new CommandException($"{account.Email} has to choose a password first");
        var me = await api.GetMeAsync(cancellation);
        return me.Id == session.User.Id ? $"as {me.Role}" : throw new CommandException("the session belongs to another account");
    }

    private async Task<string> CreateProjectAsync(CancellationToken cancellation)
    {
        _project = await api.CreateProjectAsync($"smoke test {time.GetUtcNow():yyyy-MM-dd HH:mm:ss} {Credentials.NewPassword()[..4]}", "Made by platform-cli smoke, which removes it.", cancellation);
        return _project.Id;
    }

    private async Task<string> UploadAsync(CancellationToken cancellation)
    {
        _dataset = await api.CreateDatasetAsync(_project!.Id, "smoke test", cancellation);
        var images = SmokeImages.All();
        var tickets = await api.RequestUploadsAsync(_dataset.Id, [.. images.Select(image => new UploadRequest(image.Key, image.Value.Length, "image/png"))], cancellation);
        foreach (var ticket in tickets.Uploads)
            await PutAsync(ticket, images[ticket.Path], cancellation);
        var completed = await api.CompleteUploadsAsync(_dataset.Id, [.. tickets.Uploads.Select(ticket => ticket.UploadId)], cancellation);
        if (completed.Failed is [var first, ..])
            throw new CommandException($"{first.Path} was refused: {first.Code} {first.Detail}");
        return $"{completed.Completed.Count} images";
    }

    private async Task PutAsync(UploadTicket ticket, byte[] image, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, ticket.Url) { Content = new ByteArrayContent(image) };
        foreach (var (name, value) in ticket.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        using var answer = await storage.SendAsync(request, cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new CommandException($"the object store at {request.RequestUri!.Authority} answers {(int)answer.StatusCode} to an upload");
    }

    private async Task<string> PublishAsync(CancellationToken cancellation)
    {
        var begun = await api.PublishVersionAsync(_dataset!.Id, "smoke test", cancellation);
        _version = await Polling.UntilAsync("publishing", PublishLimit, () => api.GetVersionAsync(_dataset.Id, begun.Id, cancellation), version => version.State != "publishing", cancellation);
        return _version.State == "ready" ? $"version {_version.Number}, {_version.ImageCount} images" : throw new CommandException($"the version ended as {_version.State}");
    }

    private async Task<string> TrainAsync(CancellationToken cancellation)
    {
        if (training == TimeSpan.Zero)
            throw new Skipped("not asked for");
        var trainers = await api.ListTrainersAsync(cancellation);
        var trainer = trainers.FirstOrDefault(trainer => trainer is { State: "online", Capabilities.Models.Count: > 0 } && trainer.Capabilities.TaskTypes?.Contains("image_classification") == true)
            ?? throw new Skipped(trainers.Count == 0 ? "there is no trainer" : "no trainer for images is online");
        var model = trainer.Capabilities!.Models!.MinBy(model => model.Parameters ?? long.MaxValue)!;
        _job = await api.CreateJobAsync(new NewTrainingJob(_project!.Id, _version!.Id, trainer.Framework, model.Name, "smoke test", new Dictionary<string, object> { ["epochs"] = 1 }), cancellation);
        await api.StartJobAsync(_job.Id, cancellation);
        _job = await Polling.UntilAsync("the training", training, () => api.GetJobAsync(_job.Id, cancellation), job => job.Ended, cancellation);
        return _job.State == "completed" ? $"{trainer.Framework} {model.Name}, one epoch" : throw new CommandException($"the training ended as {_job.State}. {_job.Error?.Describe()}");
    }

    private async Task<string> CleanUpAsync(CancellationToken cancellation)
    {
        if (_job is { Ended: false })
        {
            await api.CancelJobAsync(_job.Id, cancellation);
            await Polling.UntilAsync("cancelling the training", CleanUpLimit, () => api.GetJobAsync(_job.Id, cancellation), job => job.Ended, cancellation);
        }
        if (_dataset is not null)
            await api.DeleteDatasetAsync(_dataset.Id, cancellation);
        await api.DeleteProjectAsync(_project!.Id, cancellation);
        await api.SignOutAsync(cancellation);
        return "everything that was made is removed";
    }

    private SmokeCheck Add(SmokeCheck check)
    {
        _checks.Add(check);
        return check;
    }

    private int Count(string status) => _checks.Count(check => check.Status == status);

    /// <summary>A check that does not apply here, and why.</summary>
    private sealed class Skipped(string reason) : Exception(reason);
}
