using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Permissions;

/// <summary>
/// A project with one resource of each kind, an organization, and accounts to administer, written directly to the databases. Each call of
/// the matrix that changes something gets a world of its own.
/// </summary>
internal sealed class MatrixWorld
{
    private readonly Dictionary<string, Guid> _ids = [];

    /// <summary>The ids of this world by the id of <see cref="Examples"/> that they replace.</summary>
    public IReadOnlyDictionary<string, Guid> Ids => _ids;

    public Guid Attempt => _ids[Examples.Attempt];

    /// <summary>The token of the invitation and the invited address.</summary>
    public string InvitationToken { get; } = $"matrix-{Guid.CreateVersion7():n}";

    /// <summary>Creates a world for one caller.</summary>
    /// <param name="databases">The databases of the app.</param>
    /// <param name="actor">The caller's account; null for an anonymous caller.</param>
    /// <param name="role">The caller's role in the project.</param>
    /// <param name="organization">The organization in the addresses of the calls.</param>
    /// <param name="owner">The owner of the project when the caller is not.</param>
    public static async Task<MatrixWorld> NewAsync(AppDatabases databases, Guid? actor, ProjectRole? role, Guid organization, Guid owner)
    {
        var world = new MatrixWorld();
        await world.MakeAccountsAsync(databases, organization);
        await world.MakeProjectAsync(databases, actor, role, owner);
        return world;
    }

    /// <summary>Replaces the ids, the token and the names of the examples in a text with those of this world.</summary>
    public string Fill(string text)
    {
        foreach (var (example, id) in _ids)
            text = text.Replace(example, id.ToString(), StringComparison.Ordinal);
        return text.Replace(Examples.InvitationToken, InvitationToken, StringComparison.Ordinal).Replace("kim@example.org", $"{Guid.CreateVersion7():n}@example.org", StringComparison.Ordinal);
    }

    private async Task MakeAccountsAsync(AppDatabases databases, Guid organization)
    {
        await using var users = databases.OpenUsers();
        var target = NewAccount(SystemRole.Guest, organization);
        var colleague = NewAccount(SystemRole.StandardEngineer, organization);
        users.AddRange(target, colleague);
        await users.SaveChangesAsync();
        _ids[Examples.User] = target.Id;
        _ids[Examples.Member] = target.Id;
        _ids[Examples.Colleague] = colleague.Id;
        _ids[Examples.Organization] = organization;
    }

    private async Task MakeProjectAsync(AppDatabases databases, Guid? actor, ProjectRole? role, Guid owner)
    {
        var now = DateTimeOffset.UtcNow;
        var by = actor ?? owner;
        var project = new Project { Name = $"Matrix {Guid.CreateVersion7():n}", OwnerId = role == ProjectRole.Owner ? by : owner, CreatedAt = now, UpdatedAt = now };
        var dataset = new Dataset { ProjectId = project.Id, Name = $"Matrix {project.Id:n}", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = by, CreatedAt = now, UpdatedAt = now };
        var image = new DatasetImage { DatasetId = dataset.Id, Path = "a/1.png", Key = $"datasets/{dataset.Id}/images/a/1.png", ContentType = "image/png", Size = 70, Sha256 = new string('0', 64), Width = 2, Height = 2, CreatedBy = by, CreatedAt = now };
        var upload = new DatasetUpload { DatasetId = dataset.Id, Path = "a/2.png", Key = $"datasets/{dataset.Id}/images/a/2.png", ContentType = "image/png", Size = 70, CreatedBy = by, CreatedAt = now, ExpiresAt = now.AddHours(1) };
        var version = new DatasetVersion { DatasetId = dataset.Id, Number = 1, Hash = new string('0', 64), State = DatasetVersionState.Ready, ImageCount = 0, SizeBytes = 0, ClassCounts = [], SplitCounts = new SplitCounts(0, 0, 0), CreatedBy = by, CreatedAt = now };
        var job = NewJob(project, version, by, now);
        var ended = NewJob(project, version, by, now);
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = ended.Id, Number = 1, Trainer = "none", CreatedAt = now };
        var model = new Model { ProjectId = project.Id, Name = $"Matrix {project.Id:n}", TaskType = TaskType.ImageClassification, LatestVersion = 1, CreatedAt = now };
        var modelVersion = new ModelVersion
        {
            ModelId = model.Id, ProjectId = project.Id, Number = 1, JobId = ended.Id, DatasetVersionId = version.Id, Framework = "none", Architecture = "none", TaskType = TaskType.ImageClassification, Classes = ["a", "b"],
            Metrics = [], ConfusionMatrix = [], PerClass = [], CheckpointKey = "none", CheckpointSize = 1, CheckpointSha256 = new string('0', 64), CreatedAt = now,
        };
        var export = new Export { ProjectId = project.Id, ModelVersionId = modelVersion.Id, Format = "onnx", Options = [], Key = "none", PackageKey = "none", CreatedBy = by, CreatedAt = now };
        export.MoveTo(ExportState.Completed, now);
        var deployment = new Deployment { ProjectId = project.Id, ExportId = export.Id, Name = $"Matrix {project.Id:n}", Trainer = "none", ApiKeyHash = new byte[32], CreatedBy = by, CreatedAt = now };
        deployment.MoveTo(DeploymentState.Deactivated, now);
        var revision = new DeploymentRevision { DeploymentId = deployment.Id, Number = 1, ExportId = export.Id, Trainer = "none", CreatedBy = by, CreatedAt = now };
        var sweep = new Sweep
        {
            ProjectId = project.Id, DatasetVersionId = version.Id, Name = "Matrix", Framework = "none", Model = "none", TaskType = TaskType.ImageClassification, Config = [], Method = SweepMethod.Random,
            Space = [new SweepParameter("learningRate", Min: 0.001, Max: 0.1)], Configurations = 1, Seed = 1, CreatedBy = by, CreatedAt = now,
        };
        sweep.End(SweepState.Completed, now);
        var (prediction, otherPrediction) = (NewPrediction(ended, by, now), NewPrediction(ended, by, now));
        var validation = new ValidationResult { JobId = ended.Id, Attempt = 1, Epoch = 1, Split = Split.Val, Metrics = [], Classes = ["a", "b"], ConfusionMatrix = [], PerClass = [], Time = now };
        await using (var database = databases.OpenPlatform())
        {
            database.AddRange(project, dataset, image, upload, version, job, ended, attempt, model, modelVersion, export, deployment, revision, sweep, prediction, otherPrediction, validation);
            database.Add(new PredictedImage { PredictionId = prediction.Id, Path = "scratch/img_0001.png", Outcome = ImageOutcome.Wrong, TrueClass = "scratch", Class = "dent", Answer = "{}" });
            await database.SaveChangesAsync();
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'cancelled', completed_at = {now} WHERE id = {ended.Id}");
        }
        await using (var users = databases.OpenUsers())
        {
            if (actor is { } member && role is { } given && given != ProjectRole.Owner)
                users.ProjectMembers.Add(new ProjectMember { ProjectId = project.Id, UserId = member, Role = given, CreatedAt = now });
            users.ProjectMembers.Add(new ProjectMember { ProjectId = project.Id, UserId = _ids[Examples.User], Role = ProjectRole.Viewer, CreatedAt = now });
            users.DatasetMembers.Add(new DatasetMember { DatasetId = dataset.Id, UserId = _ids[Examples.User], Role = DatasetRole.Viewer, CreatedAt = now });
            var email = await users.Users.Where(user => user.Id == by).Select(user => user.NormalizedEmail).SingleAsync();
            var invitation = new Invitation
            {
                Kind = InvitationKind.Project, TargetId = project.Id, TargetName = project.Name, Role = "viewer", InviterId = by, Email = email, NormalizedEmail = email,
                TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(InvitationToken)), CreatedAt = now, SentAt = now.AddHours(-1), ExpiresAt = now.AddDays(1), State = InvitationState.Pending,
            };
            users.Add(invitation);
            _ids[Examples.Invitation] = invitation.Id;
            await users.SaveChangesAsync();
        }
        foreach (var (example, id) in new[]
        {
            (Examples.Project, project.Id), (Examples.Dataset, dataset.Id), (Examples.Image, image.Id), (Examples.Upload, upload.Id), (Examples.DatasetVersion, version.Id), (Examples.TrainingJob, job.Id),
            (Examples.Attempt, attempt.Id), (Examples.Model, model.Id), (Examples.ModelVersion, modelVersion.Id), (Examples.Export, export.Id), (Examples.Deployment, deployment.Id), (EndedJob, ended.Id),
            (Examples.Sweep, sweep.Id), (Examples.Prediction, prediction.Id), (Examples.OtherPrediction, otherPrediction.Id),
        })
            _ids[example] = id;
    }

    /// <summary>The id that requests use for the job that has ended.</summary>
    public const string EndedJob = "ended-job";

    /// <summary>A measured prediction that has completed.</summary>
    private static BatchPrediction NewPrediction(TrainingJob job, Guid by, DateTimeOffset now)
    {
        var prediction = new BatchPrediction
        {
            ProjectId = job.ProjectId, JobId = job.Id, CheckpointKey = "none", CheckpointSha256 = new string('0', 64), CheckpointEpoch = 1, DatasetVersionId = job.DatasetVersionId, Framework = "none", Model = "none",
            TaskType = TaskType.ImageClassification, Config = new() { ["measure"] = JsonSerializer.SerializeToElement(true) }, Outcomes = new PredictionOutcomes(0, 1, 0, 0, 0, new Dictionary<string, int>()), CreatedBy = by, CreatedAt = now,
        };
        prediction.MoveTo(PredictionState.Completed, now);
        return prediction;
    }

    private static User NewAccount(SystemRole role, Guid organization)
    {
        var email = $"matrix.{Guid.CreateVersion7():n}@platform.test";
        return new User { Email = email, NormalizedEmail = email, PasswordHash = "none", Role = role, OrganizationId = organization, CreatedAt = DateTimeOffset.UtcNow, UpdatedAt = DateTimeOffset.UtcNow };
    }

    private static TrainingJob NewJob(Project project, DatasetVersion version, Guid by, DateTimeOffset now) => new()
    {
        ProjectId = project.Id, DatasetVersionId = version.Id, Name = "Matrix", Framework = "none", Model = "none", TaskType = TaskType.ImageClassification, Config = [], CreatedBy = by, CreatedAt = now,
    };
}
