using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Signing up and resetting passwords.</summary>
public sealed class SignUpFunctions(SignUp signUp, PasswordReset reset, AccountSettings settings)
{
    [Function("GetAccountOptions"), AllowAnonymousAccess]
    [Operation("Get sign-in options", Returns = typeof(AccountOptionsAnswer),
        Description = "What a sign-in page needs to know: who may sign up, the rules for passwords, and what can be chosen for avatars and tokens.")]
    public IResult Options([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/auth/options")] HttpRequest request) =>
        Answer.Ok(new AccountOptionsAnswer(settings.SignUp, settings.ConfirmsEmail, PasswordRules.MinimumLength, Avatar.Colors, TokenScopes.All));

    [Function("SignUp"), AllowAnonymousAccess]
    [Operation("Sign up",
        Body = typeof(SignUpRequest), Example = """{"email":"ada@example.com","password":"look at the green field","fullName":"Ada Lovelace"}""", Status = 202, Problems = ["SIGN_UP_CLOSED", "INVITATION_REQUIRED", "WEAK_PASSWORD"],
        Description = "Requests an account. The answer does not reveal whether the address already has one; only the owner of the mailbox learns that, by mail. When addresses are not confirmed by mail, the account can be used at once.")]
    public async Task<IResult> SignUp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/sign-up")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<SignUpRequest>(cancellation);
        await signUp.RequestAsync(new NewAccount(body.Email, body.Password, body.FullName), cancellation);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    [Function("ConfirmSignUp"), AllowAnonymousAccess("The token from the mail and the password identify the person.")]
    [Operation("Confirm a sign-up",
        Body = typeof(ConfirmSignUpRequest), Example = $$"""{"token":"{{Examples.SignUpToken}}","password":"{{Examples.Password}}"}""", Returns = typeof(SessionAnswer), Status = 201, NotIdempotent = "A link works once.", Problems = ["INVALID_LINK", "INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"],
        Description = "Creates the requested account and signs in, with the token from the link in the mail and the password chosen at sign-up.")]
    public async Task<IResult> ConfirmSignUp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/sign-up/confirm")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ConfirmSignUpRequest>(cancellation);
        var session = await signUp.ConfirmAsync(body.Token, body.Password, request.Origin(), cancellation);
        return Answer.Created("/api/v1/auth/me", SessionAnswer.Of(session));
    }

    [Function("ForgotPassword"), AllowAnonymousAccess]
    [Operation("Request a password reset", Body = typeof(ForgotPasswordRequest), Example = """{"email":"ada@example.com"}""", Status = 202,
        Description = "Mails a link with which a new password can be set. The answer does not reveal whether the address has an account.")]
    public async Task<IResult> Forgot(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/password/forgot")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ForgotPasswordRequest>(cancellation);
        await reset.RequestAsync(body.Email, cancellation);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    [Function("ResetPassword"), AllowAnonymousAccess("The token from the mail identifies the account.")]
    [Operation("Reset a password", Body = typeof(ResetPasswordRequest), Example = $$"""{"token":"{{Examples.ResetToken}}","newPassword":"seven horses in the rain"}""", Status = 204, Problems = ["INVALID_LINK", "WEAK_PASSWORD"],
        Description = "Sets a new password with the token from the link in the mail. All sessions of the account end.")]
    public async Task<IResult> Reset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/password/reset")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ResetPasswordRequest>(cancellation);
        await reset.ResetAsync(body.Token, body.NewPassword, cancellation);
        return Answer.NoContent();
    }
}
