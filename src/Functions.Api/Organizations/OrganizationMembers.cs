using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Organizations;

/// <summary>Who belongs to an organization.</summary>
public sealed class OrganizationMembers(UserDatabase database, OrganizationAccess access, Quotas quotas, AuditLog audit, TimeProvider time)
{
    private const string Route = OrganizationFunctions.RouteOfOne + "/members";

    private static readonly Sorting<User> Orders = new Sorting<User>().By("email", user => user.NormalizedEmail);

    [Function("ListOrganizationMembers"), RequiresPermission(Permission.OrganizationsRead)]
    [Operation("List the people of an organization", Returns = typeof(Page<OrganizationMemberAnswer>), Sort = ["email"],
        Description = "People who belong to the organization, newest accounts first by default. Use it to find a colleague to add to a project.")]
    [Query<string>("search", "Only people whose e-mail address or name contains this text, regardless of case.", MaximumLength = 200, Example = "kim")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
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
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // The organization before the person: the order everywhere.
        var organization = await database.Organizations.FromSql($"SELECT *, xmin FROM organizations WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound);
        var user = await database.LockUserAsync(userId, cancellation) ?? throw NoSuchPerson();
        if (user.OrganizationId == id)
            return Answer.Ok(OrganizationMemberAnswer.Of(user));
        if (user.OrganizationId is not null)
            throw new ProblemException(ErrorCodes.OtherOrganization);
        if (user.IsActive)
            await quotas.RequireRoomForPersonAsync(id, countInvited: true, cancellation);
        user.OrganizationId = id;
        user.UpdatedAt = time.GetUtcNow();
        await database.SaveChangesAsync(cancellation);
        await audit.AppendAsync(OrganizationFunctions.About(organization, "organization_member.add") with { Details = new Dictionary<string, object?> { ["userId"] = userId, ["email"] = user.Email } }, cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.Ok(OrganizationMemberAnswer.Of(user));
    }

    [Function("RemoveOrganizationMember"), RequiresPermission(Permission.OrganizationsWrite)]
    [Operation("Remove a person from an organization", Status = 204,
        Description = "Their projects and their memberships in projects remain.")]
    public async Task<IResult> Remove(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route + "/{userId:guid}")] HttpRequest request, Guid id, Guid userId, CancellationToken cancellation)
    {
        var organization = await access.RequireAsync(request.CurrentUser(), id, Permission.OrganizationsWrite, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var user = await database.LockUserAsync(userId, cancellation);
        if (user?.OrganizationId != id)
            throw NoSuchPerson();
        user.OrganizationId = null;
        user.UpdatedAt = time.GetUtcNow();
        await database.SaveChangesAsync(cancellation);
        await audit.AppendAsync(OrganizationFunctions.About(organization, "organization_member.remove") with { Details = new Dictionary<string, object?> { ["userId"] = userId, ["email"] = user.Email } }, cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.NoContent();
    }

    private static ProblemException NoSuchPerson() => new(ErrorCodes.NotFound, "There is no such person here.");
}
