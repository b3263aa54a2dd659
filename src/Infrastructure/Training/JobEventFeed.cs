using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>Tells readers of a job's events that the job has new ones.</summary>
public sealed class JobEventFeed([FromKeyedServices(Databases.Platform)] NpgsqlDataSource source, ILogger<JobEventFeed> log) : NotificationFeed(source, Channel, log)
{
    /// <summary>The PostgreSQL channel that carries the id of a job when events of the job are committed.</summary>
    public const string Channel = "job_events";
}
