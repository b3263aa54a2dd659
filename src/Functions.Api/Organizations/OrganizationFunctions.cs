using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Organizations;

/// <summary>Organizations and their limits.</summary>
public sealed class OrganizationFunctions(UserDatabase database, OrganizationLifecycle organizations, OrganizationAccess access, Quotas quotas)
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
        var once = request.Once<Organization>(made => Answer.Created($"/{Route}/{made.Id}", OrganizationAnswer.Of(made), made.Version));
        return (await organizations.CreateAsync(body.AsText(), once, cancellation)).ToResult();
    }

    [Function("ListOrganizations"), RequiresPermission(Permission.OrganizationsRead, Anywhere = true)]
    [Operation("List organizations", Returns = typeof(Page<OrganizationAnswer>), Sort = ["name"],
        Description = "The organization that the caller belongs to; for administrators all organizations, newest first by default.")]
    [Query<string>("name", "Only organizations whose name contains this text, regardless of case.", MaximumLength = OrganizationLimits.Name, Example = "mill")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var visible = access.VisibleTo(request.CurrentUser());
        if (request.QueryText("name") is { } name)
            visible = visible.Where(organization => EF.Functions.ILike(organization.Name, LikePattern.Containing(name), LikePattern.Escape));
        return Answer.Ok(await visible.PageAsync(request, Orders, OrganizationAnswer.Of, cancellation));
    }

    [Function("GetOrganization"), RequiresPermission(Permission.OrganizationsRead)]
    [Operation("Get an organization", Returns = typeof(OrganizationAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsRead, cancellation);
        return Answer.Ok(OrganizationAnswer.Of(organization), organization.Version);
    }

    [Function("UpdateOrganization"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Update an organization", Body = typeof(OrganizationRequest), Example = Example, Returns = typeof(OrganizationAnswer), Problems = ["DUPLICATE_NAME"],
        Description = "Replaces names and limits. A limit below the current use prevents further use and removes nothing.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<OrganizationRequest>(cancellation);
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        request.RequireMatch(organization.Version);
        await organizations.UpdateAsync(organization, body.AsText(), cancellation);
        return Answer.Ok(OrganizationAnswer.Of(organization), organization.Version);
    }

    [Function("DeleteOrganization"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Delete an organization", Status = 204, Problems = ["ORGANIZATION_NOT_EMPTY"],
        Description = "Deletes an organization that has no people. Its pending invitations are cancelled.")]
    public async Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        request.RequireMatch(organization.Version);
        await organizations.DeleteAsync(organization, cancellation);
        return Answer.NoContent();
    }

    [Function("GetOrganizationUsage"), RequiresPermission(Permission.QuotasRead)]
    [Operation("Get the usage of an organization", Returns = typeof(OrganizationUsageAnswer),
        Description = "What an organization uses of its limits, and how many people it has by system role.")]
    public async Task<IResult> Usage([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/usage")] HttpRequest request, Guid id, CancellationToken cancellation)
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
    public async Task<IResult> OwnUsage([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/usage")] HttpRequest request, CancellationToken cancellation) =>
        Answer.Ok(new AccountUsageAnswer(await quotas.OfAccountAsync(request.CurrentUser().Id, cancellation)));
}
