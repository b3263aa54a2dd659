using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Organizations;

/// <summary>The people of an organization.</summary>
public sealed class OrganizationMembers(UserDatabase database, OrganizationMembership membership, OrganizationAccess access)
{
    private const string Route = OrganizationFunctions.RouteOfOne + "/members";

    private static readonly Sorting<User> Orders = new Sorting<User>().By("email", user => user.NormalizedEmail);

    [Function("ListOrganizationMembers"), RequiresPermission(Permission.OrganizationsRead)]
    [Operation("List the people of an organization", Returns = typeof(Page<OrganizationMemberAnswer>), Sort = ["email"],
        Description = "People who belong to the organization, newest accounts first by default. Use it to find a colleague to add to a project.")]
    [Query<string>("search", "Only people whose e-mail address or name contains this text, regardless of case.", MaximumLength = 200, Example = "kim")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsRead, cancellation);
        var people = database.Users.AsNoTracking().Where(user => user.OrganizationId == id);
        if (request.QueryText("search") is { } text)
        {
            var pattern = LikePattern.Containing(text);
            people = people.Where(user => EF.Functions.ILike(user.NormalizedEmail, pattern, LikePattern.Escape) || EF.Functions.ILike(user.FullName!, pattern, LikePattern.Escape));
        }
        return Answer.Ok(await people.PageAsync(request, Orders, OrganizationMemberAnswer.Of, cancellation));
    }

    [Function("AddOrganizationMember"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Add a person to an organization", Returns = typeof(OrganizationMemberAnswer), Problems = ["QUOTA_EXCEEDED", "OTHER_ORGANIZATION"],
        Description = "Adds an existing account that belongs to no organization. Adding a person who already belongs to it changes nothing.")]
    public async Task<IResult> Add(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route + "/{userId:guid}")] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        return Answer.Ok(OrganizationMemberAnswer.Of(await membership.AddAsync(id, userId, cancellation)));
    }

    [Function("RemoveOrganizationMember"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Remove a person from an organization", Status = 204,
        Description = "Their projects and their memberships in projects remain.")]
    public async Task<IResult> Remove(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route + "/{userId:guid}")] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        await membership.RemoveAsync(organization, userId, cancellation);
        return Answer.NoContent();
    }
}
