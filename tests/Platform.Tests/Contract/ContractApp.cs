using System.Net.Http.Headers;
using System.Text;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>An app that has the rows which the examples name. Sends requests as the user or the trainer of the examples.</summary>
internal sealed class ContractApp : IAsyncDisposable
{
    private readonly ExampleTrainer _trainer = new();
    private readonly SignedToken _tokens = new(PlatformHost.JwtSecret, TimeProvider.System);

    public PlatformApp App { get; private set; } = null!;

    public ExampleData Data { get; private set; } = null!;

    private HttpClient Http { get; set; } = null!;

    /// <param name="settings">Further settings of the app.</param>
    public static async Task<ContractApp> StartAsync(PlatformHost host, params (string Name, string? Value)[] settings)
    {
        var contract = new ContractApp();
        var all = new Dictionary<string, string?>
        {
            ["TRAINER_TORCHVISION_URL"] = contract._trainer.Address.TrimEnd('/'), ["SIGN_UP"] = "open", ["MODEL_SERVER_URLS"] = "",
            // Backups can be started; the schedules start none while the tests run.
            ["BACKUP_BUCKET"] = "contract-backups", ["BACKUP_SCHEDULE"] = "0 0 2 1 1 *", ["BACKUP_DRILL_SCHEDULE"] = "0 0 2 1 1 *",
            // Operations can be started with these, and fail.
            ["OPERATIONS_DATABASE_ARCHIVE_URL"] = "postgresql://nobody:nothing@127.0.0.1:1/archive", ["OPERATIONS_BUCKET_COLD_ENDPOINT"] = "http://127.0.0.1:1",
            ["OPERATIONS_BUCKET_COLD_ACCESS_KEY"] = "nobody", ["OPERATIONS_BUCKET_COLD_SECRET_KEY"] = "nothing", ["OPERATIONS_BUCKET_COLD_BUCKET"] = "cold",
        };
        foreach (var (name, value) in settings)
            all[name] = value;
        contract.App = await host.StartAppAsync(settings: all);
        using var passwords = new PasswordHashing();
        contract.Data = new ExampleData(contract.App.Databases, await passwords.HashAsync(Examples.Password, CancellationToken.None));
        contract.Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = contract.App.Address, Timeout = TimeSpan.FromMinutes(5) };
        using var stores = host.OpenStores();
        await stores.Internal.PutAsync($"checkpoints/{Examples.TrainingJob}/1/epoch_1.pt", "weights"u8.ToArray(), "application/octet-stream", CancellationToken.None);
        return contract;
    }

    /// <summary>Sends the example of an operation as the caller that the operation needs.</summary>
    public Task<ApiAnswer> SendAsync(string operationId, params (string Name, string Value)[] headers)
    {
        var operation = ApiDescription.Present.Operations.Single(one => one.Id == operationId);
        return SendAsync(operation, operation.ExampleAddress(), operation.BodyExample?.GetRawText(), headers);
    }

    /// <summary>Sends a request as the caller that the operation needs.</summary>
    /// <param name="headers">Headers. Set Content-Type here if the body is not of the operation's first media type.</param>
    public async Task<ApiAnswer> SendAsync(ApiOperation operation, string address, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(operation.Method), address);
        if (body is not null)
        {
            var type = headers.FirstOrDefault(header => header.Name == "Content-Type").Value ?? operation.Body?.Name ?? "application/json";
            request.Content = new StringContent(body, new UTF8Encoding(false), MediaTypeHeaderValue.Parse(type));
        }
        if (headers.All(header => header.Name != "Authorization"))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", TokenFor(operation));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request);
        return new ApiAnswer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        _trainer.Dispose();
    }

    private string TokenFor(ApiOperation operation) => operation.Security switch
    {
        "attemptToken" => AttemptTokens.Mint(Guid.Parse(Examples.Attempt), DateTimeOffset.UtcNow.AddHours(1)),
        "attemptTicket" => AttemptTokens.MintTicket(Guid.Parse(Examples.Attempt), DateTimeOffset.UtcNow.AddHours(1)),
        _ => TokenOf(Examples.User, Examples.Session),
    };

    /// <summary>The tokens of attempts.</summary>
    public AttemptTokens AttemptTokens => new(_tokens);

    /// <summary>An access token of a session that is in the database.</summary>
    public string TokenOf(string user, string session) => _tokens.Sign(new TokenClaims
    {
        Audience = "platform", Subject = user, SessionId = session, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds(),
    });
}

/// <summary>A <see cref="ContractApp"/> for the tests of a class, which run one after another and restore its rows first.</summary>
public sealed class SharedContractApp(PlatformHost host) : IAsyncLifetime
{
    internal ContractApp Contract { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Contract = await ContractApp.StartAsync(host);

    public async ValueTask DisposeAsync() => await Contract.DisposeAsync();
}
