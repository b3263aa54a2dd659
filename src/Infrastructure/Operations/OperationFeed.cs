using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Operations;

/// <summary>Tells readers of an operation that it has moved on.</summary>
public sealed class OperationFeed([FromKeyedServices(Databases.Users)] NpgsqlDataSource source, ILogger<OperationFeed> log) : NotificationFeed(source, Channel, log)
{
    /// <summary>The PostgreSQL channel that carries the id of an operation when its row or its events change.</summary>
    public const string Channel = "operation_events";
}
