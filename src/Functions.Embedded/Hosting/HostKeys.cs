using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// The host's keys. The master key is the setting <c>FUNCTIONS_MASTER_KEY</c>; without it the first process creates one and stores it in the database,
/// for all processes of the hub. The function key and the durable key are derived from it (HMAC-SHA256 of their names), so that callers never receive
/// the master key.
/// </summary>
internal sealed class HostKeys(IConfiguration configuration, HostSettings settings, ILoggerFactory logging, HostDatabase database) : IHostedService
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Keys);

    public const string MasterKeySetting = "FUNCTIONS_MASTER_KEY";

    private string? _master = configuration[MasterKeySetting] is { Length: > 0 } key ? key : null;

    public string Master => _master ?? throw new InvalidOperationException("The keys are loaded when the host starts.");

    /// <summary>Grants access to functions with the level Function.</summary>
    public string Function => field ??= Derive("functions/default");

    /// <summary>Grants access to the durable management endpoints.</summary>
    public string DurableTask => field ??= Derive("system/durabletask_extension");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_master is not null)
            return;
        string fresh = Text(RandomNumberGenerator.GetBytes(32));
        if (!database.IsSet)
        {
            _log.LogWarning("{Setting} is not set, and there is no database to store a key in: this process uses a random key that is not shown anywhere", MasterKeySetting);
            _master = fresh;
            return;
        }

        await using NpgsqlConnection connection = await database.OpenAsync(cancellationToken);
        await using var keep = new NpgsqlCommand(HostTableSql.KeepMasterKey, connection);
        keep.Parameters.AddWithValue(settings.HubName);
        keep.Parameters.AddWithValue(fresh);
        _master = (string)(await keep.ExecuteScalarAsync(cancellationToken))!;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether <paramref name="key"/> grants access at <paramref name="level"/>. Takes the same time for every key.</summary>
    public bool Opens(AuthorizationLevel level, string? key)
    {
        if (level == AuthorizationLevel.Anonymous)
            return true;
        bool master = Same(key, Master);
        return level switch
        {
            AuthorizationLevel.Function => Same(key, Function) | master,
            AuthorizationLevel.System => Same(key, DurableTask) | master,
            _ => master,
        };
    }

    private static bool Same(string? given, string expected)
        => CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given ?? string.Empty)), SHA256.HashData(Encoding.UTF8.GetBytes(expected))) && given is not null;

    private string Derive(string name) => Text(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Master), Encoding.UTF8.GetBytes(name)));

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
