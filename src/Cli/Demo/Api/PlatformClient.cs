using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>The platform's public HTTP API as far as the main job needs it. Every failure is an <see cref="ApiException"/>.</summary>
internal sealed class PlatformClient(PlatformHttp http)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private const int PageSize = 200;

    /// <summary>The platform sends a comment every ten seconds.</summary>
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(45);

    public PlatformHttp Http => http;

    /// <summary>Ends when every service that the platform needs answers.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancel)
    {
        using var _ = await http.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "health/ready"),
            HttpCompletionOption.ResponseContentRead, Repeat.Always, bearer: null, cancel);
    }

    public async Task<Session> SignInAsync(string email, string password, CancellationToken cancel)
    {
        var session = await Post<Session>("auth/login", new { email, password }, Repeat.Always, cancel);
        http.Use(session);
        return session;
    }

    public async Task<Session> ChangePasswordAsync(string currentPassword, string newPassword, CancellationToken cancel)
    {
        var session = await http.SendAsync<Session>(
            HttpMethod.Put, Route("auth/password"), new { currentPassword, newPassword }, Repeat.OnlyIfUnsent, cancel);
        http.Use(session);
        return session;
    }

    public Task<Project> CreateProjectAsync(string name, string description, CancellationToken cancel) =>
        Post<Project>("projects", new { name, description }, Repeat.OnlyIfUnsent, cancel);

    public Task<Dataset> CreateDatasetAsync(string projectId, string name, CancellationToken cancel) =>
        Post<Dataset>("datasets", new { projectId, name, taskType = "image_classification" }, Repeat.OnlyIfUnsent, cancel);

    public Task<Dataset> GetDatasetAsync(string datasetId, CancellationToken cancel) =>
        Get<Dataset>($"datasets/{datasetId}", cancel);

    /// <param name="datasetId">The dataset that receives the files.</param>
    /// <param name="files">At most 1,000.</param>
    /// <param name="cancel">Ends the request.</param>
    public Task<UploadTickets> RequestUploadsAsync(string datasetId, IReadOnlyList<UploadRequest> files, CancellationToken cancel) =>
        Post<UploadTickets>($"datasets/{datasetId}/uploads", new { files }, Repeat.Always, cancel);

    /// <param name="datasetId">The dataset that receives the files.</param>
    /// <param name="uploadIds">At most 200.</param>
    /// <param name="cancel">Ends the request.</param>
    public Task<UploadsCompleted> CompleteUploadsAsync(string datasetId, IReadOnlyList<string> uploadIds, CancellationToken cancel) =>
        Post<UploadsCompleted>($"datasets/{datasetId}/uploads/complete", new { uploadIds }, Repeat.Always, cancel);

    public Task<DatasetVersion> PublishVersionAsync(string datasetId, string note, CancellationToken cancel) =>
        Post<DatasetVersion>($"datasets/{datasetId}/versions", new { note }, Repeat.Always, cancel);

    public Task<DatasetVersion> GetVersionAsync(string datasetId, string versionId, CancellationToken cancel) =>
        Get<DatasetVersion>($"datasets/{datasetId}/versions/{versionId}", cancel);

    public Task<IReadOnlyList<VersionImage>> ListVersionImagesAsync(string datasetId, string versionId, string split, CancellationToken cancel) =>
        GetAll<VersionImage>($"datasets/{datasetId}/versions/{versionId}/images?split={split}", cancel);

    public async Task<IReadOnlyList<Trainer>> ListTrainersAsync(CancellationToken cancel) =>
        (await Get<Page<Trainer>>("training/capabilities", cancel)).Items;

    public Task<TrainingJob> CreateJobAsync(NewTrainingJob job, CancellationToken cancel) =>
        Post<TrainingJob>("training/jobs", job, Repeat.OnlyIfUnsent, cancel);

    public Task<TrainingJob> StartJobAsync(string jobId, CancellationToken cancel) =>
        Post<TrainingJob>($"training/jobs/{jobId}/start", null, Repeat.OnlyIfUnsent, cancel);

    public Task<TrainingJob> CancelJobAsync(string jobId, CancellationToken cancel) =>
        Post<TrainingJob>($"training/jobs/{jobId}/cancel", null, Repeat.OnlyIfUnsent, cancel);

    public Task<TrainingJob> GetJobAsync(string jobId, CancellationToken cancel) =>
        Get<TrainingJob>($"training/jobs/{jobId}", cancel);

    /// <summary>Everything that happens to a job, until it has ended; see <see cref="EventStream"/>.</summary>
    public IAsyncEnumerable<SseItem<string>> JobEventsAsync(string jobId, CancellationToken cancel) =>
        new EventStream(http, Route($"training/jobs/{jobId}/events"), _silence, TimeProvider.System).ReadAsync(cancel);

    public Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync(string jobId, CancellationToken cancel) =>
        GetAll<Checkpoint>($"training/jobs/{jobId}/checkpoints", cancel);

    public Task<ModelVersion> GetModelVersionAsync(string modelId, string versionId, CancellationToken cancel) =>
        Get<ModelVersion>($"models/{modelId}/versions/{versionId}", cancel);

    public async Task<IReadOnlyList<ModelExport>> StartExportsAsync(string modelVersionId, IReadOnlyList<string> formats, CancellationToken cancel) =>
        (await Post<Exports>("exports", new { modelVersionId, formats }, Repeat.OnlyIfUnsent, cancel)).Items;

    public Task<ModelExport> GetExportAsync(string exportId, CancellationToken cancel) =>
        Get<ModelExport>($"exports/{exportId}", cancel);

    public Task<Deployment> DeployAsync(string exportId, string name, CancellationToken cancel) =>
        Post<Deployment>("deployments", new { exportId, name }, Repeat.OnlyIfUnsent, cancel);

    public Task<Deployment> GetDeploymentAsync(string deploymentId, CancellationToken cancel) =>
        Get<Deployment>($"deployments/{deploymentId}", cancel);

    /// <summary>Predicts with the deployment's own key, as an application outside the platform would.</summary>
    /// <param name="deploymentId">An active deployment.</param>
    /// <param name="apiKey">The key that creating the deployment answered.</param>
    /// <param name="images">Encoded image files (PNG, JPEG, …), at most 64.</param>
    /// <param name="cancel">Ends the request.</param>
    public Task<InferenceResult> PredictAsync(string deploymentId, string apiKey, IReadOnlyList<byte[]> images, CancellationToken cancel) =>
        http.SendAsync<InferenceResult>(
            HttpMethod.Post, Route($"infer/{deploymentId}"), new { images = images.Select(Convert.ToBase64String), topK = 1 }, Repeat.Always, cancel, apiKey);

    private Task<T> Get<T>(string path, CancellationToken cancel) =>
        http.SendAsync<T>(HttpMethod.Get, Route(path), null, Repeat.Always, cancel);

    private Task<T> Post<T>(string path, object? body, Repeat repeat, CancellationToken cancel) =>
        http.SendAsync<T>(HttpMethod.Post, Route(path), body, repeat, cancel);

    private async Task<IReadOnlyList<T>> GetAll<T>(string path, CancellationToken cancel)
    {
        var items = new List<T>();
        var first = path + (path.Contains('?') ? '&' : '?') + $"limit={PageSize}";
        for (string? cursor = null; ;)
        {
            var page = await Get<Page<T>>(cursor is null ? first : $"{first}&cursor={Uri.EscapeDataString(cursor)}", cancel);
            items.AddRange(page.Items);
            if (page.NextCursor is null)
                return items;
            cursor = page.NextCursor;
        }
    }

    private static string Route(string path) => "api/v1/" + path;
}

/// <summary>A training job to create; <see cref="Config"/> holds the trainer's own fields (epochs, batchSize, learningRate, …).</summary>
internal sealed record NewTrainingJob(
    string ProjectId,
    string DatasetVersionId,
    string Framework,
    string Model,
    string Name,
    IReadOnlyDictionary<string, object> Config);
