using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>The signed-in account: name, e-mail address and password.</summary>
public sealed class OwnAccountFunctions(SignIn signIn, OwnProfile profile)
{
    [Function("GetOwnAccount"), RequiresPermission(Permission.AccountSelf)]
    [Operation("Get the signed-in account", Returns = typeof(UserAnswer),
        Description = "The account that the token of the request belongs to.")]
    public static IResult Me([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/me")] HttpRequest request) =>
        Answer.Ok(UserAnswer.Of(request.CurrentUser()));

    [Function("UpdateOwnAccount"), RequiresPermission(Permission.AccountSecurity)]
    [Operation("Update the signed-in account", Body = typeof(ProfileRequest), Returns = typeof(ProfileAnswer),
        Example = """{"fullName":"Ada Lovelace","badgeColor":"#1d4ed8"}""", Unversioned = "Only the owner changes the account; the last change wins.",
        Problems = ["EMAIL_TAKEN", "TOO_MANY_ATTEMPTS"],
        Description = "Changes name, avatar color or e-mail address. Changing the e-mail address requires the current password.")]
    public async Task<IResult> Update(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/auth/me")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ProfileRequest>(cancellation);
        var (user, sentTo) = await profile.ChangeAsync(
            request.CurrentUser().Id, new ProfileChange(body.FullName, body.BadgeColor, body.Email, body.CurrentPassword), request.Origin(), cancellation);
        return Answer.Ok(new ProfileAnswer(UserAnswer.Of(user), sentTo));
    }

    [Function("ConfirmEmail"), AllowAnonymousAccess("The token from the mail identifies the account.")]
    [Operation("Confirm a new e-mail address", Body = typeof(ConfirmEmailRequest), Example = $$"""{"token":"{{Examples.EmailToken}}"}""", Status = 204, Problems = ["INVALID_LINK"],
        Description = "Changes the e-mail address of the account, with the token from the link that was mailed to the new address.")]
    public async Task<IResult> ConfirmEmail(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/me/confirm-email")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ConfirmEmailRequest>(cancellation);
        await profile.ConfirmEmailAsync(body.Token, cancellation);
        return Answer.NoContent();
    }

    [Function("ChangeOwnPassword"), RequiresPermission(Permission.AccountPassword)]
    [Operation("Change the password", Body = typeof(ChangePasswordRequest), Example = $$"""{"currentPassword":"{{Examples.Password}}","newPassword":"seven horses in the rain"}""", Returns = typeof(SessionAnswer), Problems = ["WEAK_PASSWORD", "TOO_MANY_ATTEMPTS"],
        Description = "Sets a new password. All other sessions of the account end; the answer has new tokens for this one.")]
    public async Task<IResult> ChangePassword(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "api/v1/auth/password")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ChangePasswordRequest>(cancellation);
        var session = await signIn.ChangePasswordAsync(request.CurrentUser().Id, body.CurrentPassword, body.NewPassword, request.Origin(), cancellation);
        return Answer.Ok(SessionAnswer.Of(session));
    }
}
