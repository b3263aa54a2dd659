using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Modules;

/// <summary>
/// Work that a row says is under way and an orchestration does. The row is written first and the orchestration scheduled after it, so
/// every orchestration goes on from what the rows say, and scheduling it again does no harm.
/// </summary>
/// <param name="Orchestrator">Name of the orchestrator function. Its input is the row's id.</param>
/// <param name="InstancePrefix">One instance a row: <c>train</c> makes <c>train-{id}</c>.</param>
/// <param name="FindAsync">Ids of rows under way since before a time, oldest first, at most as many as asked for.</param>
public sealed record RecoverableWork(
    string Orchestrator, string InstancePrefix, Func<IServiceProvider, DateTimeOffset, int, CancellationToken, Task<List<Guid>>> FindAsync)
{
    /// <summary>Work whose rows one service finds.</summary>
    public static RecoverableWork Of<TService>(
        string orchestrator, string instancePrefix, Func<TService, DateTimeOffset, IQueryable<Guid>> find)
        where TService : notnull =>
        new(orchestrator, instancePrefix, (services, before, most, cancellation) =>
            Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.ToListAsync(
                find(services.GetRequiredService<TService>(), before).Take(most), cancellation));

    /// <summary>The id of the orchestration instance that does the work of a row.</summary>
    public string InstanceId(Guid id) => $"{InstancePrefix}-{id}";

    /// <summary>Instances that an operator may mean: the id as it is, then, when it is that of a row, the instances that work for such rows.</summary>
    public static IEnumerable<string> InstancesOf(string id) =>
        Guid.TryParse(id, out var row) ? [id, .. AppModules.All.SelectMany(module => module.Work).Select(work => work.InstanceId(row)).Distinct()] : [id];
}
