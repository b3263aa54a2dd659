using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.ModelServer.Tests;
using VisionPlatform.Platform.Tests.Contract;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Deployments;

/// <summary>The deployment of the examples, of an ONNX model of red, green and blue (a classifier unless said), behind two model servers.</summary>
internal sealed class ServedDeployment : IAsyncDisposable
{
    /// <summary>A PNG of one grey pixel.</summary>
    public const string Image = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

    private readonly ModelFolder _models = new();

    public List<ServerProcess> Servers { get; } = [];
    public ContractApp Contract { get; private set; } = null!;

    /// <param name="key">Key with which the app calls the model servers.</param>
    /// <param name="model">Name of the model in <see cref="ModelFolder"/>.</param>
    /// <param name="task">Task of the model.</param>
    public static async Task<ServedDeployment> StartAsync(PlatformHost host, string key = ServerProcess.Key, string model = "classifier", TaskType task = TaskType.ImageClassification)
    {
        var served = new ServedDeployment();
        await served._models.InitializeAsync();
        served.Servers.Add(await ServerProcess.StartAsync());
        served.Servers.Add(await ServerProcess.StartAsync());
        served.Contract = await ContractApp.StartAsync(
            host, ("MODEL_SERVER_URLS", string.Join(',', served.Servers.Select(server => server.Address))), ("MODEL_SERVER_API_KEY", key),
            ("RATE_LIMIT_PREDICTIONS", "0"), ("RATE_LIMIT_PER_USER", "0"), ("RATE_LIMIT_PER_TOKEN", "0"));
        await served.Contract.Data.ResetAsync("predict");
        var request = JsonSerializer.SerializeToElement(served._models.Request(model));
        using var stores = host.OpenStores();
        await stores.Internal.PutAsync("exports/example.onnx", await File.ReadAllBytesAsync(Path.Combine(served._models.Folder, $"{model}.onnx")), "application/octet-stream", CancellationToken.None);
        await using var database = served.Contract.App.Databases.OpenPlatform();
        var export = await database.Exports.SingleAsync(row => row.Id == Guid.Parse(Examples.Export));
        (export.Sha256, export.Size, export.Metadata) = (request.GetProperty("sha256").GetString(), request.GetProperty("size").GetInt64(), request.GetProperty("metadata"));
        await database.SaveChangesAsync();
        await database.ModelVersions.Where(row => row.Id == export.ModelVersionId).ExecuteUpdateAsync(set => set.SetProperty(row => row.TaskType, task));
        return served;
    }

    public Task<ApiAnswer> PredictAsync(params string[] images) => CallAsync("predict", new { images, topK = 3 });

    /// <summary>Predicts until the model is in memory.</summary>
    public async Task<JsonElement> UntilWarmAsync()
    {
        JsonElement? body = null;
        await Waiting.UntilAsync(async () =>
        {
            var answer = await PredictAsync(Image);
            if ((int)answer.Status == 200)
                body = answer.Body;
            else
                answer.Expect(503, "MODEL_LOADING");
            return body is not null;
        }, "the model is in memory");
        return body!.Value;
    }

    /// <summary>Sends the example of an operation with another body or for another revision.</summary>
    public Task<ApiAnswer> CallAsync(string id, object? body = null, int? revision = null)
    {
        var operation = ApiDescription.Present.Operations.Single(one => one.Id == id);
        var address = operation.ExampleAddress();
        return Contract.SendAsync(
            operation, revision is { } number ? address.Replace("/revisions/1", FormattableString.Invariant($"/revisions/{number}"), StringComparison.Ordinal) : address,
            body is null ? null : JsonSerializer.Serialize(body));
    }

    /// <summary>Calls until the model of a revision is in memory. Until then the answer says so.</summary>
    public async Task<ApiAnswer> UntilReadyAsync(string id, object? body = null, int? revision = null)
    {
        ApiAnswer? answer = null;
        await Waiting.UntilAsync(async () =>
        {
            answer = await CallAsync(id, body, revision);
            if ((int)answer.Status != 200)
                Assert.NotNull(answer.Expect(503, "MODEL_LOADING").Headers.RetryAfter);
            return (int)answer.Status == 200;
        }, "the model of the revision is in memory");
        return answer!;
    }

    /// <summary>Adds a revision with the same file and other names of classes. Returns its number and its export.</summary>
    public Task<(int Number, Guid Export)> AddRevisionAsync(params string[] classes) => AddRevisionAsync(["classes"], JsonSerializer.Serialize(classes));

    /// <summary>Adds a revision with the same file and another value in its metadata. Returns its number and its export.</summary>
    /// <param name="path">Names from the metadata to the value.</param>
    /// <param name="json">The value.</param>
    public async Task<(int Number, Guid Export)> AddRevisionAsync(string[] path, string json)
    {
        var id = Guid.CreateVersion7();
        await using (var database = Contract.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO exports (id, project_id, model_version_id, format, options, state, key, size, sha256, metadata, created_by, created_at)
                SELECT {id}, project_id, model_version_id, format, options, state, key, size, sha256, jsonb_set(metadata, {path}, {json}::jsonb), created_by, created_at
                FROM exports WHERE id = {Guid.Parse(Examples.Export)}
                """);
        var added = (await CallAsync("addDeploymentRevision", new { exportId = id })).Expect(201);
        return (added.Body.GetProperty("number").GetInt32(), id);
    }

    public async ValueTask DisposeAsync()
    {
        await Contract.DisposeAsync();
        foreach (var server in Servers)
            await server.DisposeAsync();
        await _models.DisposeAsync();
    }
}
