using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Api.Accounts;

/// <summary>Getting an account, and getting back into one.</summary>
public sealed class SignUpFunctions(SignUp signUp, PasswordReset reset, AccountSettings settings)
{
    [Function("GetAccountOptions"), AllowAnonymousAccess]
    [Operation("What a sign-in page needs to know.", Returns = typeof(AccountOptionsAnswer))]
    public IResult Options([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/auth/options")] HttpRequest request) =>
        TypedResults.Ok(new AccountOptionsAnswer(settings.SignUp, settings.ConfirmsEmail, PasswordRules.MinimumLength, Avatar.Colors, TokenScopes.All));

    [Function("SignUp"), AllowAnonymousAccess]
    [Operation("Ask for an account. The answer is the same whether the address has one already; its owner is told by mail. Without confirmation by mail one can sign in at once.",
        Body = typeof(SignUpRequest), Example = """{"email":"ada@example.com","password":"look at the green field","fullName":"Ada Lovelace"}""", Status = 202, Problems = ["SIGN_UP_CLOSED", "INVITATION_REQUIRED", "WEAK_PASSWORD"])]
    public async Task<IResult> SignUp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/sign-up")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<SignUpRequest>(cancellation);
        await signUp.RequestAsync(new NewAccount(body.Email, body.Password, body.FullName), cancellation);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    [Function("ConfirmSignUp"), AllowAnonymousAccess("The token from the mail and the password say who it is.")]
    [Operation("Make the account that was asked for, with the token of the link in the mail, and sign in.",
        Body = typeof(ConfirmSignUpRequest), Example = $$"""{"token":"{{Examples.SignUpToken}}","password":"{{Examples.Password}}"}""", Returns = typeof(SessionAnswer), Status = 201, NotIdempotent = "A link works once.", Problems = ["INVALID_LINK", "INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"])]
    public async Task<IResult> ConfirmSignUp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/sign-up/confirm")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ConfirmSignUpRequest>(cancellation);
        var session = await signUp.ConfirmAsync(body.Token, body.Password, request.Origin(), cancellation);
        return TypedResults.Created("/api/v1/auth/me", SessionAnswer.Of(session));
    }

    [Function("ForgotPassword"), AllowAnonymousAccess]
    [Operation("Ask for a link to a new password. The answer is the same whether the address has an account; the link goes to its mailbox.", Body = typeof(ForgotPasswordRequest), Example = """{"email":"ada@example.com"}""", Status = 202)]
    public async Task<IResult> Forgot(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/password/forgot")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ForgotPasswordRequest>(cancellation);
        await reset.RequestAsync(body.Email, cancellation);
        return TypedResults.StatusCode(StatusCodes.Status202Accepted);
    }

    [Function("ResetPassword"), AllowAnonymousAccess("The token from the mail says whose password it is.")]
    [Operation("Choose a new password with the token of the link in the mail; every session ends.", Body = typeof(ResetPasswordRequest), Example = $$"""{"token":"{{Examples.ResetToken}}","newPassword":"seven horses in the rain"}""", Status = 204, Problems = ["INVALID_LINK", "WEAK_PASSWORD"])]
    public async Task<IResult> Reset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/auth/password/reset")] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<ResetPasswordRequest>(cancellation);
        await reset.ResetAsync(body.Token, body.NewPassword, cancellation);
        return TypedResults.NoContent();
    }
}
