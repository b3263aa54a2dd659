using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>The part of the platform's public HTTP API that the main job needs. Every failure is an <see cref="ApiException"/>.</summary>
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
    public async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        using var _ = await http.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "health/ready"),
            HttpCompletionOption.ResponseContentRead, Repeat.Always, bearer: null, cancellation);
    }

    public async Task<Session> SignInAsync(string email, string password, CancellationToken cancellation)
    {
        var session = await Post<Session>("auth/login", new { email, password }, Repeat.Always, cancellation);
        http.Use(session);
        return session;
    }

    public async Task<Session> ChangePasswordAsync(string currentPassword, string newPassword, CancellationToken cancellation)
    {
        var session = await http.SendAsync<Session>(
            HttpMethod.Put, Route("auth/password"), new { currentPassword, newPassword }, Repeat.OnlyIfUnsent, cancellation);
        http.Use(session);
        return session;
    }

    public Task<User> GetMeAsync(CancellationToken cancellation) => Get<User>("auth/me", cancellation);

    /// <summary>Ends the session.</summary>
    public Task SignOutAsync(CancellationToken cancellation) => SendAsync(HttpMethod.Post, "auth/logout", cancellation);

    /// <summary>Deletes a project without running jobs and deployments.</summary>
    public Task DeleteProjectAsync(string projectId, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, $"projects/{projectId}", cancellation);

    public Task DeleteDatasetAsync(string datasetId, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, $"datasets/{datasetId}", cancellation);

    public Task<Project> CreateProjectAsync(string name, string description, CancellationToken cancellation) =>
        Post<Project>("projects", new { name, description }, Repeat.OnlyIfUnsent, cancellation);

    public Task<Dataset> CreateDatasetAsync(string projectId, string name, CancellationToken cancellation) =>
        Post<Dataset>("datasets", new { projectId, name, taskType = "image_classification" }, Repeat.OnlyIfUnsent, cancellation);

    public Task<Dataset> GetDatasetAsync(string datasetId, CancellationToken cancellation) =>
        Get<Dataset>($"datasets/{datasetId}", cancellation);

    /// <param name="datasetId">The dataset that receives the files.</param>
    /// <param name="files">At most 1,000.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<UploadTickets> RequestUploadsAsync(string datasetId, IReadOnlyList<UploadRequest> files, CancellationToken cancellation) =>
        Post<UploadTickets>($"datasets/{datasetId}/uploads", new { files }, Repeat.Always, cancellation);

    /// <param name="datasetId">The dataset that receives the files.</param>
    /// <param name="uploadIds">At most 200.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<UploadsCompleted> CompleteUploadsAsync(string datasetId, IReadOnlyList<string> uploadIds, CancellationToken cancellation) =>
        Post<UploadsCompleted>($"datasets/{datasetId}/uploads/complete", new { uploadIds }, Repeat.Always, cancellation);

    public Task<DatasetVersion> PublishVersionAsync(string datasetId, string note, CancellationToken cancellation) =>
        Post<DatasetVersion>($"datasets/{datasetId}/versions", new { note }, Repeat.Always, cancellation);

    public Task<DatasetVersion> GetVersionAsync(string datasetId, string versionId, CancellationToken cancellation) =>
        Get<DatasetVersion>($"datasets/{datasetId}/versions/{versionId}", cancellation);

    public Task<IReadOnlyList<VersionImage>> ListVersionImagesAsync(string datasetId, string versionId, string split, CancellationToken cancellation) =>
        GetAll<VersionImage>($"datasets/{datasetId}/versions/{versionId}/images?split={split}", cancellation);

    public async Task<IReadOnlyList<Trainer>> ListTrainersAsync(CancellationToken cancellation) =>
        (await Get<Page<Trainer>>("training/capabilities", cancellation)).Items;

    public Task<TrainingJob> CreateJobAsync(NewTrainingJob job, CancellationToken cancellation) =>
        Post<TrainingJob>("training/jobs", job, Repeat.OnlyIfUnsent, cancellation);

    public Task<TrainingJob> StartJobAsync(string jobId, CancellationToken cancellation) =>
        Post<TrainingJob>($"training/jobs/{jobId}/start", null, Repeat.OnlyIfUnsent, cancellation);

    public Task<TrainingJob> CancelJobAsync(string jobId, CancellationToken cancellation) =>
        Post<TrainingJob>($"training/jobs/{jobId}/cancel", null, Repeat.OnlyIfUnsent, cancellation);

    public Task<TrainingJob> GetJobAsync(string jobId, CancellationToken cancellation) =>
        Get<TrainingJob>($"training/jobs/{jobId}", cancellation);

    /// <summary>All events of a job until it has ended; see <see cref="EventStream"/>.</summary>
    public IAsyncEnumerable<SseItem<string>> JobEventsAsync(string jobId, CancellationToken cancellation) =>
        new EventStream(http, Route($"training/jobs/{jobId}/events"), _silence, TimeProvider.System).ReadAsync(cancellation);

    public Task<IReadOnlyList<Checkpoint>> ListCheckpointsAsync(string jobId, CancellationToken cancellation) =>
        GetAll<Checkpoint>($"training/jobs/{jobId}/checkpoints", cancellation);

    public Task<ModelVersion> GetModelVersionAsync(string modelId, string versionId, CancellationToken cancellation) =>
        Get<ModelVersion>($"models/{modelId}/versions/{versionId}", cancellation);

    public async Task<IReadOnlyList<ModelExport>> StartExportsAsync(string modelVersionId, IReadOnlyList<string> formats, CancellationToken cancellation) =>
        (await Post<Exports>("exports", new { modelVersionId, formats }, Repeat.OnlyIfUnsent, cancellation)).Items;

    public Task<ModelExport> GetExportAsync(string exportId, CancellationToken cancellation) =>
        Get<ModelExport>($"exports/{exportId}", cancellation);

    public Task<Deployment> DeployAsync(string exportId, string name, CancellationToken cancellation) =>
        Post<Deployment>("deployments", new { exportId, name }, Repeat.OnlyIfUnsent, cancellation);

    public Task<Deployment> GetDeploymentAsync(string deploymentId, CancellationToken cancellation) =>
        Get<Deployment>($"deployments/{deploymentId}", cancellation);

    /// <summary>Predicts with the deployment's own key, as an application outside the platform would.</summary>
    /// <param name="deploymentId">An active deployment.</param>
    /// <param name="apiKey">The key from the answer that created the deployment.</param>
    /// <param name="images">Encoded image files (PNG, JPEG, …), at most 64.</param>
    /// <param name="cancellation">Ends the request.</param>
    public Task<InferenceResult> PredictAsync(string deploymentId, string apiKey, IReadOnlyList<byte[]> images, CancellationToken cancellation) =>
        http.SendAsync<InferenceResult>(
            HttpMethod.Post, Route($"infer/{deploymentId}"), new { images = images.Select(Convert.ToBase64String), topK = 1 }, Repeat.Always, cancellation, apiKey);

    /// <summary>A request whose answer has no body.</summary>
    private async Task SendAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        using var _ = await http.SendAsync(() => new HttpRequestMessage(method, Route(path)), HttpCompletionOption.ResponseContentRead, Repeat.OnlyIfUnsent, bearer: null, cancellation);
    }

    private Task<T> Get<T>(string path, CancellationToken cancellation) =>
        http.SendAsync<T>(HttpMethod.Get, Route(path), null, Repeat.Always, cancellation);

    private Task<T> Post<T>(string path, object? body, Repeat repeat, CancellationToken cancellation) =>
        http.SendAsync<T>(HttpMethod.Post, Route(path), body, repeat, cancellation);

    private async Task<IReadOnlyList<T>> GetAll<T>(string path, CancellationToken cancellation)
    {
        var items = new List<T>();
        var first = path + (path.Contains('?') ? '&' : '?') + $"limit={PageSize}";
        for (string? cursor = null; ;)
        {
            var page = await Get<Page<T>>(cursor is null ? first : $"{first}&cursor={Uri.EscapeDataString(cursor)}", cancellation);
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
