using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Organizations;

/// <summary>Organizations and their limits.</summary>
public sealed class OrganizationFunctions(UserDatabase database, OrganizationAccess access, Quotas quotas, AuditLog audit, TimeProvider time)
{
    internal const string Route = "api/v1/organizations";
    internal const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = """{"name":"Rolling mill","company":"Steel Ltd","maxUsers":50,"maxStorageGb":500}""";

    private static readonly Sorting<Organization> Orders = new Sorting<Organization>().By("name", organization => organization.Name);

    [Function("CreateOrganization"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Create an organization", Body = typeof(OrganizationRequest), Example = Example, Returns = typeof(OrganizationAnswer), Status = 201, Problems = ["DUPLICATE_NAME"])]
    public async Task<IResult> Create([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<OrganizationRequest>(cancellation);
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        var now = time.GetUtcNow();
        var organization = new Organization { Name = body.Name.Trim(), CreatedAt = now };
        Take(body, organization, now);
        database.Organizations.Add(organization);
        await SaveAsync(organization.Name, cancellation);
        await audit.AppendAsync(About(organization, "organization.create") with { Details = Limits(organization) }, cancellation);
        return await creation.CommitAsync(Answer.Created($"/{Route}/{organization.Id}", OrganizationAnswer.Of(organization), organization.Version), cancellation);
    }

    [Function("ListOrganizations"), RequiresPermission(Permission.OrganizationsRead, Anywhere = true)]
    [Operation("List organizations", Returns = typeof(Page<OrganizationAnswer>), Sort = ["name"],
        Description = "The organization that the caller belongs to; for administrators all organizations, newest first by default.")]
    [Query<string>("name", "Only organizations whose name contains this text, regardless of case.", MaximumLength = OrganizationLimits.Name, Example = "mill")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var visible = access.VisibleTo(request.CurrentUser());
        if (request.QueryText("name") is { } name)
            visible = visible.Where(organization => EF.Functions.ILike(organization.Name, LikePattern.Containing(name), LikePattern.Escape));
        return Answer.Ok(await visible.PageAsync(request, Orders, OrganizationAnswer.Of, cancellation));
    }

    [Function("GetOrganization"), RequiresPermission(Permission.OrganizationsRead)]
    [Operation("Get an organization", Returns = typeof(OrganizationAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsRead, cancellation);
        return Answer.Ok(OrganizationAnswer.Of(organization), organization.Version);
    }

    [Function("UpdateOrganization"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Update an organization", Body = typeof(OrganizationRequest), Example = Example, Returns = typeof(OrganizationAnswer), Problems = ["DUPLICATE_NAME"],
        Description = "Replaces names and limits. A limit below the present use stops further use and removes nothing.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<OrganizationRequest>(cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        request.RequireMatch(organization.Version);
        var before = Limits(organization);
        database.Attach(organization);
        Take(body, organization, time.GetUtcNow());
        await SaveAsync(organization.Name, cancellation);
        await audit.AppendAsync(
            About(organization, "organization.update") with { Details = new Dictionary<string, object?> { ["before"] = before, ["after"] = Limits(organization) } }, cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.Ok(OrganizationAnswer.Of(organization), organization.Version);
    }

    [Function("DeleteOrganization"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Delete an organization", Status = 204, Problems = ["ORGANIZATION_NOT_EMPTY"],
        Description = "Deletes an organization that no people belong to. Its pending invitations are cancelled.")]
    public async Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        request.RequireMatch(organization.Version);
        var now = time.GetUtcNow();
        try
        {
            // Who joins at this moment keeps it from going: the reference in their row.
            database.Organizations.Remove(organization);
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
        {
            throw new ProblemException(ErrorCodes.OrganizationNotEmpty);
        }
        await database.Database.ExecuteSqlAsync($"UPDATE invitations SET state = 'cancelled', ended_at = {now} WHERE target_id = {id} AND state = 'pending'", cancellation);
        await audit.AppendAsync(About(organization, "organization.delete"), cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.NoContent();
    }

    [Function("GetOrganizationUsage"), RequiresPermission(Permission.QuotasRead)]
    [Operation("Get the usage of an organization", Returns = typeof(OrganizationUsageAnswer),
        Description = "What an organization uses of its limits, and how many people it has by system role.")]
    public async Task<IResult> Usage([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = RouteOfOne + "/usage")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.QuotasRead, cancellation);
        var people = await database.Users.Where(user => user.OrganizationId == id).GroupBy(user => user.Role).Select(group => new { group.Key, Count = group.Count() }).ToListAsync(cancellation);
        return Answer.Ok(new OrganizationUsageAnswer(
            await quotas.OfOrganizationAsync(organization, cancellation),
            Enum.GetValues<SystemRole>().ToDictionary(role => role.AsText(), role => people.SingleOrDefault(group => group.Key == role)?.Count ?? 0)));
    }

    [Function("GetOwnUsage"), RequiresPermission(Permission.AccountSelf)]
    [Operation("Get the usage of the signed-in account", Tag = "Organizations", Returns = typeof(AccountUsageAnswer),
        Description = "What the caller's account uses of the limits that come with its role.")]
    public async Task<IResult> OwnUsage([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/auth/usage")] HttpRequest request, CancellationToken cancellation) =>
        Answer.Ok(new AccountUsageAnswer(await quotas.OfAccountAsync(request.CurrentUser().Id, cancellation)));

    internal static AuditEvent About(Organization organization, string action) =>
        new(action) { SubjectType = "organization", SubjectId = organization.Id.ToString(), SubjectName = organization.Name };

    private static Dictionary<string, object?> Limits(Organization o) => new()
    {
        ["name"] = o.Name, ["maxUsers"] = o.MaxUsers, ["maxStorageGb"] = o.MaxStorageGb, ["maxGpuHoursPerMonth"] = o.MaxGpuHoursPerMonth, ["maxConcurrentJobs"] = o.MaxConcurrentJobs,
    };

    private static void Take(OrganizationRequest body, Organization organization, DateTimeOffset now)
    {
        organization.Name = body.Name.Trim();
        organization.Company = body.Company?.Trim();
        organization.Division = body.Division?.Trim();
        organization.MaxUsers = body.MaxUsers;
        organization.MaxStorageGb = body.MaxStorageGb;
        organization.MaxGpuHoursPerMonth = body.MaxGpuHoursPerMonth;
        organization.MaxConcurrentJobs = body.MaxConcurrentJobs;
        organization.UpdatedAt = now;
    }

    private async Task SaveAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"There is an organization named '{name}' already.", "name");
        }
    }
}
