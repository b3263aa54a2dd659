using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Operations;

/// <summary>Reading and cancelling operations.</summary>
public sealed class OperationFunctions(UserDatabase database, OperationRuns runs, DataLocations locations, TimeProvider time)
{
    internal const string Route = "api/v1/operations";
    internal const string RouteOfOne = Route + "/{id:guid}";

    [Function("ListOperations"), RequiresPermission(Permission.OperationsRead)]
    [Operation("List operations", Returns = typeof(Page<OperationAnswer>), Description = "Newest first. Operations are kept for 90 days after their end.")]
    [Query<OperationKind>("kind", "Only operations of this kind.", Example = "database_copy")]
    [Query<OperationState>("state", "Only operations in this state.", Example = "completed")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var (kind, state, now) = (request.QueryOneOf<OperationKind>("kind"), request.QueryOneOf<OperationState>("state"), time.GetUtcNow());
        var operations = database.Operations.AsNoTracking();
        if (kind is not null)
            operations = operations.Where(operation => operation.Kind == kind);
        if (state is not null)
            operations = operations.Where(operation => operation.State == state);
        return Answer.Ok(await operations.NewestFirstAsync(request, operation => OperationAnswer.Of(operation, now), cancellation));
    }

    [Function("GetOperation"), RequiresPermission(Permission.OperationsRead)]
    [Operation("Get an operation", Returns = typeof(OperationAnswer), Description = "How far an operation is, and what it did once it has ended.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var operation = await database.Operations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id, cancellation) ?? throw ProblemException.NoSuch("operation");
        return Answer.Ok(OperationAnswer.Of(operation, time.GetUtcNow()));
    }

    [Function("CancelOperation"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Cancel an operation", Returns = typeof(OperationAnswer), Status = 202, Problems = ["INVALID_STATE"],
        Description = "Ends an operation that has not ended. A running one stops within seconds; what it has done stays. Objects that were copied stay copied, and a database that was being filled stays incomplete.")]
    public async Task<IResult> Cancel([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var operation = await runs.CancelAsync(id, cancellation);
        return Answer.Accepted($"/{Route}/{id}", OperationAnswer.Of(operation, time.GetUtcNow()));
    }

    [Function("ListOperationLocations"), RequiresPermission(Permission.OperationsRead)]
    [Operation("List the locations of operations", Returns = typeof(LocationsAnswer), Description = "The names that operations can use for databases and buckets. The settings declare them; addresses are not shown.")]
    public IResult ListLocations([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route + "/locations")] HttpRequest request)
    {
        string[] databases = [.. locations.DatabaseNames.Order(StringComparer.Ordinal)], buckets = [.. locations.BucketNames.Order(StringComparer.Ordinal)];
        return Answer.Ok(new LocationsAnswer(databases, buckets, [.. databases.Where(locations.IsOwnDatabase), .. buckets.Where(locations.IsOwnBucket)]));
    }
}
