using System.Diagnostics;
using System.Text.Json;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training.Faults;

namespace VisionPlatform.Platform.Tests.Training;

[CollectionDefinition(nameof(TrainingLab))]
public sealed class TrainingLabTests : ICollectionFixture<TrainingLab>;

/// <summary>
/// An app of its own with a real trainer and a published dataset of 400 real digits. Its tests run one after another, so each of them may
/// kill the app or the trainer.
/// </summary>
public class TrainingLab(PlatformHost host) : IAsyncLifetime
{
    private const int ImagesOfEachClass = 40;

    public PlatformApp App { get; private set; } = null!;

    public TrainerProcess Trainer { get; } = new("torchvision");

    /// <summary>What is between the trainer and the app that it calls back.</summary>
    public FaultyNetwork Callbacks { get; private set; } = null!;

    /// <summary>What is between the object store and everybody.</summary>
    public FaultyNetwork Store { get; private set; } = null!;

    public ApiClient Admin { get; private set; } = null!;

    public Guid ProjectId { get; private set; }

    public Guid DatasetId { get; private set; }

    public Guid DatasetVersionId { get; private set; }

    /// <summary>What runs the app.</summary>
    public virtual IAppHost AppHost { get; } = new EmbeddedHost();

    public virtual async ValueTask InitializeAsync()
    {
        Callbacks = new FaultyNetwork(() => App.Address);
        Store = new FaultyNetwork(() => new Uri(host.StoreEndpoint));
        await Trainer.StartAsync();
        App = await host.StartAppAsync(settings: Settings(), on: AppHost);
        Admin = await PlatformHost.SignInAdminAsync(App);
        ProjectId = await Admin.NewProjectAsync("digits");
        DatasetId = await Admin.NewDatasetAsync(ProjectId);
        foreach (var batch in (await DigitsAsync()).Chunk(200))
            await Admin.UploadAsync(DatasetId, batch);
        DatasetVersionId = (await Admin.PublishAsync(DatasetId)).Id;
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await App.DisposeAsync();
        await Trainer.DisposeAsync();
        await Callbacks.DisposeAsync();
        await Store.DisposeAsync();
    }

    /// <summary>The installation's own stores, to look behind the API.</summary>
    public ObjectStores OpenStores() => host.OpenStores();

    /// <summary>Another instance of the app on the same databases. Dispose it.</summary>
    public Task<PlatformApp> StartSecondAsync() => host.StartAppAsync(App.Databases, Settings(), on: AppHost);

    /// <summary>A person who is a member of no project.</summary>
    public Task<ApiClient> NewStrangerAsync() => host.NewUserAsync(app: App);

    /// <summary>A person with this role.</summary>
    public Task<ApiClient> NewUserAsync(SystemRole role) => host.NewUserAsync(role, App);

    /// <summary>A member of the project with this role in the platform.</summary>
    public async Task<ApiClient> NewMemberAsync(SystemRole role)
    {
        var user = await host.NewUserAsync(role, App);
        await PlatformHost.JoinAsync(App.Databases, ProjectId, user.UserId, ProjectRole.Member);
        return user;
    }

    /// <summary>Creates a job and does not start it.</summary>
    public async Task<Guid> NewJobAsync(int epochs, string model = "small_cnn", string? name = null) =>
        (await Admin.PostAsync("training/jobs", Job(new { epochs, learningRate = 0.003 }, model, name))).Expect(201).Id;

    /// <summary>The body of a new job.</summary>
    public object Job(object config, string model = "small_cnn", string? name = null) =>
        new { projectId = ProjectId, datasetVersionId = DatasetVersionId, framework = Trainer.Name, model, config, name };

    /// <summary>Creates a job and starts it.</summary>
    public async Task<Guid> StartJobAsync(int epochs, string? name = null)
    {
        var id = await NewJobAsync(epochs, name: name);
        (await Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        return id;
    }

    public async Task<JsonElement> ReadJobAsync(Guid id) => (await Admin.GetAsync($"training/jobs/{id}")).Expect(200).Body;

    /// <summary>Waits until the job is as wanted. Fails and shows the job if it ends otherwise.</summary>
    public async Task<JsonElement> WaitForJobAsync(Guid id, Func<JsonElement, bool> wanted, string what, int seconds = 300)
    {
        JsonElement job = default;
        await Waiting.UntilAsync(async () =>
        {
            job = await ReadJobAsync(id);
            if (!wanted(job) && StateOf(job) is "failed" or "cancelled" or "completed")
                Assert.Fail($"Waited for: {what}. The job is {job}\n{string.Join('\n', App.Log.TakeLast(40))}\n{string.Join('\n', Trainer.Log.TakeLast(40))}");
            return wanted(job);
        }, what, seconds);
        return job;
    }

    public Task<JsonElement> WaitForStateAsync(Guid id, string state) => WaitForJobAsync(id, job => StateOf(job) == state, state);

    /// <summary>Fires a timer function now.</summary>
    public Task FireTimerAsync(string function) => HostAsync(HttpMethod.Post, $"/admin/functions/{function}");

    /// <summary>Calls an endpoint of the host with the master key and fails unless it accepts. Returns the answer as JSON, if there is one.</summary>
    public async Task<JsonElement> HostAsync(HttpMethod method, string path)
    {
        var (status, text) = await AskHostAsync(method, path);
        Assert.True((int)status is >= 200 and < 300, $"{path}: {status} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Calls an endpoint of the host, by default with the master key.</summary>
    public async Task<(System.Net.HttpStatusCode Status, string Text)> AskHostAsync(HttpMethod method, string path, bool withKey = true)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
        if (withKey)
            request.Headers.Add("x-functions-key", PlatformHost.MasterKey);
        using var response = await Admin.Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public static string StateOf(JsonElement job) => job.GetProperty("state").GetString()!;

    public static List<JsonElement> AttemptsOf(JsonElement job) => [.. job.GetProperty("attempts").EnumerateArray()];

    /// <summary>The app's settings in addition to the usual ones.</summary>
    protected virtual Dictionary<string, string?> Settings() => new()
    {
        [Trainer.Setting] = Trainer.Address.ToString(),
        ["PUBLIC_URL"] = Callbacks.Address.ToString().TrimEnd('/'),
        ["EXTERNAL_STORAGE_ENDPOINT"] = Store.Address.ToString().TrimEnd('/'),
        ["TRAINER_HEARTBEAT_SECONDS"] = "0.5",
        ["TRAINER_HEARTBEAT_TIMEOUT_SECONDS"] = "6",
        ["TRAINER_RETRY_SECONDS"] = "0.2",
        ["TRAINER_LOOKS_PER_HISTORY"] = "3", // Every run that is longer begins a fresh history on the way.
        ["EVENT_STREAM_SECONDS"] = "1", // Every stream that is longer takes several responses.
    };

    /// <summary>The same number of digits of each class, from the set that scikit-learn ships.</summary>
    private static async Task<List<(string Path, byte[] Content)>> DigitsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("digits-").FullName;
        try
        {
            using var python = Process.Start(
                new ProcessStartInfo("/usr/bin/python3", [Path.Combine(Repository.Root, "trainers", "datasets", "digits.py"), folder]) { RedirectStandardOutput = true })!;
            await python.StandardOutput.ReadToEndAsync();
            await python.WaitForExitAsync();
            Assert.Equal(0, python.ExitCode);
            return
            [
                .. Directory.GetDirectories(folder).Order().SelectMany(of => Directory.GetFiles(of).Order().Take(ImagesOfEachClass))
                    .Select(file => (Path.GetRelativePath(folder, file), File.ReadAllBytes(file))),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
