using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Projects;

/// <summary>Transferring a project to another owner.</summary>
public sealed class ProjectTransfer(ProjectAccess access, ProjectOwnership ownership)
{
    [Function("TransferProject"), RequiresPermission(Permission.ProjectsTransfer)]
    [Operation("Transfer a project", Body = typeof(NewOwner),
        Example = $$"""{"userId":"{{Examples.Member}}"}""", Returns = typeof(ProjectAnswer), Problems = ["QUOTA_EXCEEDED", "DUPLICATE_NAME"], TakesIfMatch = true,
        Description = "Makes one of the members the owner. The previous owner stays in the project as an admin.")]
    public async Task<IResult> Transfer([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/projects/{id:guid}/transfer")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var project = await access.RequireAsync(request.CurrentUser(), id, Permission.ProjectsTransfer, cancellation);
        request.RequireMatch(project.Version);
        var body = await request.ReadJsonAsync<NewOwner>(cancellation);
        var given = await ownership.TransferAsync(id, project.OwnerId, body.UserId, mustBeMember: true, cancellation);
        return Answer.Ok(ProjectAnswer.Of(given), given.Version);
    }
}
