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
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>The rows with the ids of <see cref="Examples"/>: one row of each kind, in a state in which the tested operation succeeds.</summary>
internal sealed class ExampleData(AppDatabases databases, string passwordHash)
{
    private static readonly DateTimeOffset Then = new(2026, 11, 20, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Like the other one, for the user database.</summary>
    private static readonly Dictionary<string, string> UserAdjustments = new(StringComparer.Ordinal)
    {
        ["cancelOperation"] = "UPDATE operations SET state = 'pending', ended_at = NULL",
        ["deleteOrganization"] = "UPDATE users SET organization_id = NULL",
        ["addOrganizationMember"] = "UPDATE users SET organization_id = NULL",
        ["signUpInvited"] = "UPDATE invitations SET email = 'kim@example.com', normalized_email = 'kim@example.com'",
        ["leaveProject"] = $"INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ('{Examples.Project}', '{Examples.User}', 'member', now())",
    };

    /// <summary>Makes the example's dataset one whose images have annotations.</summary>
    private const string WithAnnotations = """UPDATE datasets SET task_type = 'object_detection', classes = '["scratch", "dent"]'""";

    /// <summary>Has a second revision of the example's deployment answer.</summary>
    private const string SecondRevision =
        """
        INSERT INTO deployment_revisions (deployment_id, number, export_id, trainer, created_by, created_at) SELECT deployment_id, 2, export_id, trainer, created_by, created_at FROM deployment_revisions;
        UPDATE deployments SET revision = 2, previous_revision = 1
        """;

    /// <summary>SQL for the platform database that must run before an operation can succeed.</summary>
    private static readonly Dictionary<string, string> Adjustments = new(StringComparer.Ordinal)
    {
        ["startTrainingJob"] = "UPDATE training_jobs SET state = 'pending'",
        ["cancelPrediction"] = "UPDATE predictions SET state = 'running', completed_at = NULL",
        ["cancelSweep"] = "UPDATE sweeps SET state = 'running', completed_at = NULL",
        ["cancelTrainingJob"] = "UPDATE training_jobs SET state = 'pending'",
        ["prioritizeTrainingJob"] = "UPDATE training_jobs SET state = 'pending'",
        ["leaveProject"] = $"UPDATE projects SET owner_id = '{Examples.Member}'",
        // Its images are not in the object store.
        ["downloadDatasetVersion"] = "DELETE FROM dataset_version_images",
        ["getImageAnnotations"] = WithAnnotations, ["replaceImageAnnotations"] = WithAnnotations, ["announceAnnotations"] = WithAnnotations, ["completeAnnotations"] = WithAnnotations,
        ["addDatasetClasses"] = WithAnnotations,
        // What is proposed has no class yet.
        ["acceptProposal"] = $"UPDATE dataset_images SET class = NULL WHERE id = '{Examples.Image}'",
        ["rollBackDeployment"] = SecondRevision, ["startDeploymentCanary"] = SecondRevision, ["startDeploymentShadow"] = SecondRevision,
        ["deleteProject"] = "UPDATE deployments SET state = 'deactivated'",
    };

    /// <summary>Gives the upload a key under which no earlier test has stored anything, and lets the trainer be there.</summary>
    private const string Now =
        "UPDATE dataset_uploads SET key = 'datasets/' || dataset_id || '/images/' || gen_random_uuid() || '.png'; UPDATE trainers SET seen_at = now()";

    /// <summary>The orchestration of the example's job, as the engine keeps it after its end.</summary>
    private const string Orchestration =
        $"""
        INSERT INTO durable.instances (hub, instance_id, execution_id, name, status, created_at, updated_at, completed_at)
        VALUES ('platform', 'train-{Examples.TrainingJob}', gen_random_uuid(), 'TrainModel', 'Completed', now(), now(), now())
        ON CONFLICT DO NOTHING
        """;

    private SavedRows? _users, _platform;

    /// <summary>Restores all rows.</summary>
    /// <param name="operations">Operations that must succeed afterwards.</param>
    public async Task ResetAsync(params string[] operations)
    {
        await using (var users = databases.OpenUsers())
        {
            await (_users ??= await SaveUsersAsync(users)).RestoreAsync(users);
            foreach (var operation in operations)
                if (UserAdjustments.TryGetValue(operation, out var change))
                    await users.Database.ExecuteSqlRawAsync(change);
        }
        await using var platform = databases.OpenPlatform();
        await (_platform ??= await SavePlatformAsync(platform)).RestoreAsync(platform);
        await platform.Database.ExecuteSqlRawAsync($"{Now};\n{Orchestration}");
        foreach (var operation in operations)
            if (Adjustments.TryGetValue(operation, out var sql))
                await platform.Database.ExecuteSqlRawAsync(sql);
    }

    private Task<SavedRows> SaveUsersAsync(UserDatabase users) => SavedRows.TakeAsync(
        users, ["users", "operations", "organizations", "mailed_tokens", "mail_counts", "idempotent_answers", "sign_in_failures", "project_members"], () =>
        {
            AddUsers(users);
            return users.SaveChangesAsync();
        });

    private static Task<SavedRows> SavePlatformAsync(PlatformDatabase platform) => SavedRows.TakeAsync(platform, ["projects", "attempts", "trainers", "idempotent_answers"], async () =>
    {
        AddProject(platform);
        await platform.SaveChangesAsync();
        AddTraining(platform);
        await platform.SaveChangesAsync();
        AddModel(platform);
        await platform.SaveChangesAsync();
    });

    private void AddUsers(UserDatabase users)
    {
        Guid organization = Guid.Parse(Examples.Organization), ann = Guid.Parse(Examples.User), session = Guid.Parse(Examples.Session);
        var operation = new DataOperation
        {
            Id = Guid.Parse(Examples.Operation), Kind = OperationKind.DatabaseCopy, Subject = "platform → archive", Function = "PreflightCopy", Request = JsonSerializer.SerializeToElement(new { }),
            IsDryRun = true, Home = "elsewhere", CreatedBy = ann, CreatedAt = Then,
        };
        operation.Begin(Then);
        operation.End(null, JsonSerializer.SerializeToElement(new { tables = 12 }), Then);
        users.Operations.Add(operation);
        users.OperationEvents.Add(new OperationEvent { OperationId = operation.Id, Type = "state", Data = JsonSerializer.SerializeToElement(new { state = "completed" }), Time = Then });
        users.Organizations.Add(new Organization { Id = organization, Name = "Cold mill", CreatedAt = Then, UpdatedAt = Then });
        AddUser(ann, Examples.Email, SystemRole.Admin);
        AddUser(Guid.Parse(Examples.Colleague), "cem@example.com", SystemRole.StandardEngineer);
        AddUser(Guid.Parse(Examples.Member), "mia@example.com", SystemRole.StandardEngineer);
        users.ProjectMembers.Add(new ProjectMember { ProjectId = Guid.Parse(Examples.Project), UserId = Guid.Parse(Examples.Member), Role = ProjectRole.Member, CreatedAt = Then });
        users.Sessions.Add(new UserSession { Id = session, UserId = ann, CreatedAt = Then, LastUsedAt = Then, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1) });
        users.PersonalTokens.Add(new PersonalToken
        {
            Id = Guid.Parse(Examples.PersonalToken), UserId = ann, Name = "nightly training", TokenHash = [1, 2, 3], Scopes = ["read"], CreatedAt = Then, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
        users.DatasetMembers.Add(new DatasetMember { DatasetId = Guid.Parse(Examples.Dataset), UserId = Guid.Parse(Examples.Member), Role = DatasetRole.Viewer, CreatedAt = Then });
        users.Invitations.Add(new Invitation
        {
            Id = Guid.Parse(Examples.Invitation), Kind = InvitationKind.Project, TargetId = Guid.Parse(Examples.Project), TargetName = "Rolled steel", Role = "member", InviterId = ann,
            Email = Examples.Email, NormalizedEmail = Examples.Email, TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(Examples.InvitationToken)),
            CreatedAt = Then, SentAt = Then, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
        AddMailed(MailedTokenPurpose.SignUp, Examples.SignUpToken, "new@example.com", null);
        AddMailed(MailedTokenPurpose.PasswordReset, Examples.ResetToken, Examples.Email, ann);
        AddMailed(MailedTokenPurpose.EmailChange, Examples.EmailToken, "ann.smith@example.com", ann);
        users.RefreshTokens.Add(new RefreshToken
        {
            UserId = ann, SessionId = session, TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(Examples.RefreshToken)),
            CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });

        void AddUser(Guid id, string email, SystemRole role) => users.Users.Add(new User
        {
            Id = id, Email = email, NormalizedEmail = email, FullName = "Ann Smith", PasswordHash = passwordHash, Role = role, OrganizationId = organization, CreatedAt = Then, UpdatedAt = Then,
        });

        void AddMailed(MailedTokenPurpose purpose, string token, string email, Guid? user) => users.MailedTokens.Add(new MailedToken
        {
            Purpose = purpose, UserId = user, TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(token)), Email = email, PasswordHash = user is null ? passwordHash : null,
            CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
    }

    private static void AddProject(PlatformDatabase platform)
    {
        Guid user = Guid.Parse(Examples.User), project = Guid.Parse(Examples.Project), dataset = Guid.Parse(Examples.Dataset), version = Guid.Parse(Examples.DatasetVersion);
        platform.Projects.Add(new Project { Id = project, Name = "Rolled steel", Description = "Plates of line 3", OwnerId = user, CreatedAt = Then, UpdatedAt = Then });
        platform.Datasets.Add(new Dataset
        {
            Id = dataset, ProjectId = project, Name = "Plates", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = user, CreatedAt = Then, UpdatedAt = Then,
        });
        platform.DatasetImages.AddRange(Image(Guid.Parse(Examples.Image), "scratch"), Image(Guid.CreateVersion7(), "dent"));
        platform.DatasetUploads.Add(new DatasetUpload
        {
            Id = Guid.Parse(Examples.Upload), DatasetId = dataset, Path = "dent/img_0009.png", Key = $"datasets/{dataset}/images/{Guid.CreateVersion7()}.png", Class = "dent",
            ContentType = "image/png", Size = 100, CreatedBy = user, CreatedAt = Then, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
        platform.DatasetArchives.Add(new DatasetArchive
        {
            Id = Guid.Parse(Examples.Archive), DatasetId = dataset, Name = "plates.zip", Layout = ImageLayout.FoldersAreClasses, Folder = "", Size = 100, Key = StagingKeys.Of(Guid.Parse(Examples.Archive)),
            State = ArchiveState.Completed, Format = ArchiveFormat.Zip, Entries = 3, Taken = 1, Refused = 1, Skipped = 1, TakenBytes = 100, CreatedBy = user, CreatedAt = Then, ExpiresAt = Then, EndedAt = Then,
        });
        platform.DatasetArchiveEntries.AddRange(Entry(1, EntryOutcome.Refused), Entry(2, EntryOutcome.Skipped));
        platform.AnnotationImports.Add(new AnnotationImport
        {
            Id = Guid.Parse(Examples.AnnotationImport), DatasetId = dataset, Name = "instances.json", Mode = AnnotationMode.Replace, AddClasses = true, Folder = "", Size = 100,
            Key = StagingKeys.Of(Guid.Parse(Examples.AnnotationImport)), State = AnnotationImportState.Completed, Format = AnnotationFormat.Coco, Images = 1, Annotations = 2, ImagesDone = 1, Taken = 1,
            RefusedAnnotations = 1, Reasons = [new(AnnotationFault.OutsideImage, 1)], Entries = [new("annotation", 1, "scratch/img_0001.png", AnnotationFault.OutsideImage, "box", "The box lies outside the image.")],
            AddedClasses = ["scratch"], CreatedBy = user, CreatedAt = Then, ExpiresAt = Then, EndedAt = Then,
        });
        platform.DatasetVersions.Add(new DatasetVersion
        {
            Id = version, DatasetId = dataset, Number = 1, Hash = new string('a', 64), State = DatasetVersionState.Ready, ImageCount = 1, SizeBytes = 100,
            ClassCounts = new() { ["scratch"] = 1 }, SplitCounts = new SplitCounts(1, 0, 0), ManifestKey = $"datasets/{dataset}/versions/{version}/manifest.jsonl.gz",
            CreatedBy = user, CreatedAt = Then, ReadyAt = Then,
        });
        platform.DatasetVersionImages.Add(new DatasetVersionImage
        {
            VersionId = version, Path = "scratch/img_0001.png", Key = "datasets/example.png", Class = "scratch", Split = Split.Train, Size = 100, Sha256 = new string('b', 64), Width = 8, Height = 8,
        });
        platform.Trainers.Add(new Trainer { Framework = "torchvision", SeenAt = DateTimeOffset.UtcNow, Capabilities = ExampleTrainer.Capabilities });

        DatasetArchiveEntry Entry(int number, EntryOutcome outcome) => new()
        {
            ArchiveId = Guid.Parse(Examples.Archive), Number = number, Name = $"scratch/{number}.txt", Outcome = outcome, Code = "NOT_AN_IMAGE", Detail = "The content is not that of an image.",
        };

        DatasetImage Image(Guid id, string name) => new()
        {
            Id = id, DatasetId = dataset, Path = $"{name}/img_0001.png", Key = $"datasets/{dataset}/images/{id}.png", ThumbnailKey = $"datasets/{dataset}/thumbnails/{id}.jpg", Class = name, ContentType = "image/png", Size = 100,
            Sha256 = new string(name[0] == 's' ? 'b' : 'd', 64), Width = 8, Height = 8, CreatedBy = user, CreatedAt = Then,
        };
    }

    private static void AddTraining(PlatformDatabase platform)
    {
        var id = Guid.Parse(Examples.TrainingJob);
        var job = new TrainingJob
        {
            Id = id, ProjectId = Guid.Parse(Examples.Project), DatasetVersionId = Guid.Parse(Examples.DatasetVersion), Name = "Plates small_cnn", Framework = "torchvision",
            Model = "small_cnn", TaskType = TaskType.ImageClassification, Config = new() { ["epochs"] = JsonSerializer.SerializeToElement(1) }, CreatedBy = Guid.Parse(Examples.User), CreatedAt = Then,
        };
        foreach (var state in (JobState[])[JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing, JobState.Completed])
            job.MoveTo(state, Then);
        platform.TrainingJobs.Add(job);
        var attempt = new Attempt { Id = Guid.Parse(Examples.Attempt), Kind = AttemptKind.Train, SubjectId = id, Number = 1, Trainer = "torchvision", CreatedAt = Then, Execution = Examples.Execution };
        attempt.MoveTo(AttemptState.Starting, Then);
        platform.Attempts.Add(attempt);
        platform.EpochMetrics.Add(new EpochMetrics { JobId = id, Attempt = 1, Epoch = 1, Metrics = new() { ["accuracy"] = 0.9 }, EpochSeconds = 1.5, Time = Then });
        platform.ValidationResults.Add(new ValidationResult
        {
            JobId = id, Attempt = 1, Epoch = 1, Split = Split.Val, Metrics = new() { ["accuracy"] = 0.9 }, Classes = ["scratch", "dent"], ConfusionMatrix = [[5, 0], [1, 4]],
            PerClass = [new ClassMetrics("scratch", 0.83, 1, 0.91, 5), new ClassMetrics("dent", 1, 0.8, 0.89, 5)], Time = Then,
        });
        platform.Checkpoints.Add(new Checkpoint
        {
            JobId = id, Attempt = 1, Epoch = 1, Name = "epoch_1.pt", Key = $"checkpoints/{id}/1/epoch_1.pt", Size = 100, Sha256 = new string('c', 64), Best = true, Metrics = new() { ["accuracy"] = 0.9 }, CreatedAt = Then,
        });
        AddPrediction(platform, job, Examples.Prediction, ImageOutcome.Wrong, "dent");
        AddPrediction(platform, job, Examples.OtherPrediction, ImageOutcome.Right, "scratch");
        AddProposal(platform, job);
        var sweep = new Sweep
        {
            Id = Guid.Parse(Examples.Sweep), ProjectId = job.ProjectId, DatasetVersionId = job.DatasetVersionId, Name = "Learning rates", Framework = job.Framework, Model = job.Model, TaskType = job.TaskType, Config = [],
            Method = SweepMethod.Random, Space = [new SweepParameter("learningRate", Min: 0.0001, Max: 0.1, Log: true)], Configurations = 1, Seed = 1, CreatedBy = job.CreatedBy, CreatedAt = Then,
        };
        sweep.End(SweepState.Completed, Then);
        platform.Sweeps.Add(sweep);
        platform.SweepRuns.Add(new SweepRun { SweepId = sweep.Id, Round = 1, Number = 1, Config = new() { ["learningRate"] = JsonSerializer.SerializeToElement(0.003) } });
        platform.JobEvents.Add(new JobEvent
        {
            JobId = id, Type = "log", Time = Then, Data = JsonSerializer.SerializeToElement(new { attempt = 1, level = "info", message = "epoch 1 of 1", source = "trainer", time = Then }),
        });
    }

    /// <summary>A measured prediction of the one image of the version.</summary>
    private static void AddPrediction(PlatformDatabase platform, TrainingJob job, string id, ImageOutcome outcome, string answer)
    {
        var isRight = outcome == ImageOutcome.Right ? 1 : 0;
        var prediction = new BatchPrediction
        {
            Id = Guid.Parse(id), ProjectId = job.ProjectId, JobId = job.Id, CheckpointKey = $"checkpoints/{job.Id}/1/epoch_1.pt", CheckpointSha256 = new string('c', 64), CheckpointEpoch = 1,
            DatasetVersionId = job.DatasetVersionId, Framework = job.Framework, Model = job.Model, TaskType = job.TaskType, Config = new() { ["measure"] = JsonSerializer.SerializeToElement(true) },
            Key = "models/predictions/example.jsonl.gz", Size = 100, Images = 1, Outcomes = new PredictionOutcomes(isRight, 1 - isRight, 0, 0, 0, new Dictionary<string, int> { ["scratch"] = 1, ["dent"] = 1 - isRight }),
            CreatedBy = job.CreatedBy, CreatedAt = Then,
        };
        prediction.MoveTo(PredictionState.Completed, Then);
        platform.Predictions.Add(prediction);
        platform.PredictedImages.Add(new PredictedImage
        {
            PredictionId = prediction.Id, Path = "scratch/img_0001.png", Outcome = outcome, TrueClass = "scratch", Class = answer, Confidence = 0.8,
            Answer = $$"""{"class":"{{answer}}","confidence":0.8,"top":[{"class":"{{answer}}","confidence":0.8}]}""",
        });
        foreach (var name in (HashSet<string>)["scratch", answer])
            platform.PredictedImageClasses.Add(new PredictedImageClass { PredictionId = prediction.Id, Class = name, Path = "scratch/img_0001.png", Outcome = outcome });
    }

    /// <summary>A proposal for the example's image, and the work that made it.</summary>
    private static void AddProposal(PlatformDatabase platform, TrainingJob job)
    {
        var (dataset, prediction) = (Guid.Parse(Examples.Dataset), Guid.Parse(Examples.Prediction));
        var run = new ProposalRun { Id = Guid.Parse(Examples.ProposalRun), DatasetId = dataset, Action = ProposalAction.Propose, PredictionId = prediction, LeastScore = 0.5, CreatedBy = job.CreatedBy, CreatedAt = Then };
        run.Count(ProposalOutcome.Done);
        run.End(ProposalRunState.Completed, Then);
        platform.ProposalRuns.Add(run);
        var proposal = new ImageProposal { ImageId = Guid.Parse(Examples.Image), DatasetId = dataset, PredictionId = prediction, ProposedBy = job.CreatedBy, ProposedAt = Then };
        proposal.Replace(new ProposedLabel("scratch", 0.8, []));
        platform.ImageProposals.Add(proposal);
    }

    private static void AddModel(PlatformDatabase platform)
    {
        Guid user = Guid.Parse(Examples.User), project = Guid.Parse(Examples.Project), model = Guid.Parse(Examples.Model), version = Guid.Parse(Examples.ModelVersion);
        platform.Models.Add(new Model { Id = model, ProjectId = project, Name = "Plates", TaskType = TaskType.ImageClassification, LatestVersion = 1, CreatedAt = Then });
        platform.ModelVersions.Add(new ModelVersion
        {
            Id = version, ModelId = model, ProjectId = project, Number = 1, JobId = Guid.Parse(Examples.TrainingJob), DatasetVersionId = Guid.Parse(Examples.DatasetVersion), Framework = "torchvision",
            Architecture = "small_cnn", TaskType = TaskType.ImageClassification, Classes = ["dent", "scratch"], Metrics = new() { ["accuracy"] = 0.9 }, ConfusionMatrix = [[1, 0], [0, 1]],
            PerClass = [new ClassMetrics("dent", 1, 1, 1, 1)], CheckpointKey = "models/example.pt", CheckpointSize = 100, CheckpointSha256 = new string('c', 64), CheckpointEpoch = 1, CreatedAt = Then,
        });
        var export = new Export
        {
            Id = Guid.Parse(Examples.Export), ProjectId = project, ModelVersionId = version, Format = "onnx", Options = [], Key = "exports/example.onnx", Size = 100, Sha256 = new string('e', 64),
            PackageKey = "exports/package.zip", PackageSize = 200, PackageSha256 = new string('f', 64),
            CreatedBy = user, CreatedAt = Then,
        };
        export.MoveTo(ExportState.Running, Then);
        export.MoveTo(ExportState.Completed, Then);
        platform.Exports.Add(export);
        var deployment = new Deployment
        {
            Id = Guid.Parse(Examples.Deployment), ProjectId = project, ExportId = export.Id, Name = "Line 3", Trainer = "torchvision", ApiKeyHash = [1, 2, 3], CreatedBy = user, CreatedAt = Then,
        };
        deployment.MoveTo(DeploymentState.Deploying, Then);
        deployment.MoveTo(DeploymentState.Active, Then);
        platform.Deployments.Add(deployment);
        platform.DeploymentRevisions.Add(new DeploymentRevision { DeploymentId = deployment.Id, Number = 1, ExportId = export.Id, Trainer = "torchvision", CreatedBy = user, CreatedAt = Then });
    }
}
