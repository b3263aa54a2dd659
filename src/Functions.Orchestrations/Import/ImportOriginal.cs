using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Import;
using VisionPlatform.Domain.Import;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Import;

/// <summary>Imports the tables of another system, one kind of rows after the other. Input: <see cref="ImportRequest"/>.</summary>
public static class ImportOriginal
{
    [Function(nameof(ImportOriginal))]
    public static async Task<ImportReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var request = context.GetInput<ImportRequest>()!;
        context.SetCustomStatus("compare the source with the mapping");
        var plan = await context.CallActivityAsync<ImportPlan>(nameof(ImportOriginalActivities.PlanImport), request, OperationRetry.Standard);
        var tables = new List<ImportedRows>();
        foreach (var table in plan.Tables)
        {
            var sum = new ImportedRows(table.Kind, 0, 0, 0, 0, null);
            do
            {
                context.SetCustomStatus($"import {table.Kind}: {sum.Read} of {table.Rows}");
                sum = OriginalImports.Sum(
                    sum, await context.CallActivityAsync<ImportedRows>(nameof(ImportOriginalActivities.ImportRows), new ImportStep(request, table.Kind, sum.After), OperationRetry.Standard));
            }
            while (sum.After is not null);
            tables.Add(sum);
        }
        var issues = await context.CallActivityAsync<IReadOnlyList<ImportIssue>>(nameof(ImportOriginalActivities.ListImportIssues), request.Mapping.System, OperationRetry.Standard);
        return new ImportReport(tables, plan.Missing, plan.NotMapped, issues);
    }
}

/// <summary>Input of one step of an import.</summary>
/// <param name="After">Where the step before ended; null at the beginning of a table.</param>
public sealed record ImportStep(ImportRequest Request, string Kind, string? After);

public sealed class ImportOriginalActivities(OriginalImports imports)
{
    [Function(nameof(PlanImport))]
    public Task<ImportPlan> PlanImport([ActivityTrigger] ImportRequest request, CancellationToken cancellation) => imports.PlanAsync(request, cancellation);

    [Function(nameof(ImportRows))]
    public Task<ImportedRows> ImportRows([ActivityTrigger] ImportStep step, CancellationToken cancellation) => imports.ImportAsync(step.Request, step.Kind, step.After, cancellation);

    [Function(nameof(ListImportIssues))]
    public Task<IReadOnlyList<ImportIssue>> ListImportIssues([ActivityTrigger] string system, CancellationToken cancellation) => imports.IssuesAsync(system, cancellation);
}
