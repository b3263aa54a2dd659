using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Administration;

/// <summary>The accounts of other people, for managers and administrators.</summary>
public sealed class UserFunctions(UserAdministration administration)
{
    private const string Route = "api/v1/admin/users";
    private const string RouteOfOne = Route + "/{id:guid}";

    private static readonly Sorting<User> Orders = new Sorting<User>().By("email", user => user.NormalizedEmail).By("updatedAt", user => user.UpdatedAt);

    [Function("ListUsers"), RequiresPermission(Permission.UsersRead)]
    [Operation("List accounts", Tag = "Administration", Returns = typeof(Page<AccountAnswer>), Sort = ["email", "updatedAt"],
        Description = "Accounts, newest first by default. Managers see the accounts below their own role, and only those of their organization if they belong to one.")]
    [Query<string>("search", "Only accounts whose e-mail address or name contains this text, regardless of case.", MaximumLength = 200, Example = "kim")]
    [Query<SystemRole>("role", "Only accounts with this system role.", Example = "guest")]
    [Query<bool>("active", "Only active accounts (`true`) or only deactivated ones (`false`).", Example = "true")]
    [Query<Guid>("organizationId", "Only people who belong to this organization.", Example = Examples.Organization)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var accounts = administration.VisibleTo(Caller(request));
        if (request.QueryText("search") is { } text)
        {
            var pattern = LikePattern.Containing(text);
            accounts = accounts.Where(user => EF.Functions.ILike(user.NormalizedEmail, pattern, LikePattern.Escape) || EF.Functions.ILike(user.FullName!, pattern, LikePattern.Escape));
        }
        if (request.QueryOneOf<SystemRole>("role") is { } role)
            accounts = accounts.Where(user => user.Role == role);
        if (request.QueryFlag("active") is { } active)
            accounts = accounts.Where(user => user.IsActive == active);
        if (request.QueryId("organizationId") is { } organization)
            accounts = accounts.Where(user => user.OrganizationId == organization);
        return Answer.Ok(await accounts.PageAsync(request, Orders, AccountAnswer.Of, cancellation));
    }

    [Function("GetUser"), RequiresPermission(Permission.UsersRead)]
    [Operation("Get an account", Tag = "Administration", Returns = typeof(AccountAnswer))]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = await administration.VisibleTo(Caller(request)).FirstOrDefaultAsync(account => account.Id == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such account, or you may not see it.");
        return Answer.Ok(AccountAnswer.Of(user), user.Version);
    }

    [Function("UpdateUser"), RequiresPermission(Permission.UsersWrite)]
    [Operation("Update an account", Tag = "Administration", Body = typeof(AccountRequest),
        Example = """{"email":"kim@example.org","fullName":"Kim Berg"}""", Returns = typeof(AccountAnswer), Problems = ["EMAIL_TAKEN"],
        Description = "Replaces name and e-mail address.")]
    public async Task<IResult> Update([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<AccountRequest>(cancellation);
        var user = await administration.UpdateAsync(Caller(request), id, body.FullName, body.Email, user => request.RequireMatch(user.Version), cancellation);
        return Answer.Ok(AccountAnswer.Of(user), user.Version);
    }

    [Function("UpdateUserRole"), RequiresPermission(Permission.UsersWrite)]
    [Operation("Change the system role of an account", Tag = "Administration", Body = typeof(AccountRole),
        Example = """{"role":"advanced_engineer"}""", Returns = typeof(AccountAnswer), Problems = ["LAST_ADMINISTRATOR"], TakesIfMatch = true,
        Description = "Managers can grant `guest`, `standard_engineer` and `advanced_engineer`; administrators can grant every role.")]
    public async Task<IResult> UpdateRole([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne + "/role")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<AccountRole>(cancellation);
        var user = await administration.SetRoleAsync(Caller(request), id, body.Role, user => request.RequireMatch(user.Version), cancellation);
        return Answer.Ok(AccountAnswer.Of(user), user.Version);
    }

    [Function("DeactivateUser"), RequiresPermission(Permission.UsersWrite)]
    [Operation("Deactivate an account", Tag = "Administration", Returns = typeof(AccountAnswer), Problems = ["LAST_ADMINISTRATOR"],
        Description = "Signs the person out and refuses further sign-ins until the account is reactivated. Deactivating it again changes nothing.")]
    public async Task<IResult> Deactivate([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/deactivate")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = await administration.DeactivateAsync(Caller(request), id, cancellation);
        return Answer.Ok(AccountAnswer.Of(user), user.Version);
    }

    [Function("ReactivateUser"), RequiresPermission(Permission.UsersWrite)]
    [Operation("Reactivate an account", Tag = "Administration", Returns = typeof(AccountAnswer), Problems = ["QUOTA_EXCEEDED"],
        Description = "The person can sign in again. Earlier sessions stay ended.")]
    public async Task<IResult> Reactivate([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/reactivate")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = await administration.ReactivateAsync(Caller(request), id, cancellation);
        return Answer.Ok(AccountAnswer.Of(user), user.Version);
    }

    [Function("DeleteUser"), RequiresPermission(Permission.UsersDelete)]
    [Operation("Delete an account", Tag = "Administration", Status = 204, Problems = ["OWNS_PROJECTS", "OWN_ACCOUNT", "LAST_ADMINISTRATOR"],
        Description = "Refused while the account owns projects. Everything else that it created remains.")]
    public async Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await administration.DeleteAsync(Caller(request), id, user => request.RequireMatch(user.Version), cancellation);
        return Answer.NoContent();
    }

    private static Administrator Caller(HttpRequest request)
    {
        var user = request.CurrentUser();
        return new Administrator(user.Id, user.Role);
    }
}
