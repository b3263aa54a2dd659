using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Imports and removes the pretrained weights of models. The platform never fetches weights: an operator brings the file.</summary>
public sealed class WeightsLifecycle(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    /// <summary>Stores a file as the weights of a model. The same file again changes nothing.</summary>
    /// <param name="framework">Trainer that has the model.</param>
    /// <param name="model">Name of the model in the trainer's catalogue.</param>
    /// <param name="file">The file, from its start; it is read twice.</param>
    /// <param name="fileName">Its name, for people.</param>
    /// <param name="licence">Terms of use; null when nothing is known of them.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The record, and whether the trainer has been seen, so that the name of the model could be checked.</returns>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.ValidationFailed"/> for an empty file; <see cref="ErrorCodes.UnknownModel"/>; <see cref="ErrorCodes.DuplicateName"/> when the model has other weights.
    /// </exception>
    public async Task<(PretrainedWeights Weights, bool Checked)> ImportAsync(
        string framework, string model, Stream file, string fileName, string? licence, CancellationToken cancellation)
    {
        if (file.Length == 0)
            throw new ProblemException(ErrorCodes.ValidationFailed, "The file is empty.", "file");
        var isKnown = await RequireModelAsync(framework, model, cancellation);
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        file.Position = 0;
        var weights = new PretrainedWeights
        {
            Framework = framework, Model = model, Key = $"{PretrainedWeights.FolderOf(framework, model)}{sha256}{Path.GetExtension(fileName).ToLowerInvariant()}", Sha256 = sha256,
            Size = file.Length, FileName = fileName.AsName(), Licence = licence?.AsName(), ImportedAt = time.GetUtcNow(),
        };
        await using (var transaction = await LockAsync(framework, model, cancellation))
        {
            if (await FindAsync(framework, model, cancellation) is { } known)
                return known.Sha256 == sha256 ? (known, isKnown) : throw OtherWeights(known);
            // The object comes first: a record never names a file that is not there. What an import that dies in between leaves, the next one removes.
            await stores.Weights.PutAsync(weights.Key, file, "application/octet-stream", cancellation);
            database.PretrainedWeights.Add(weights);
            await database.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        await RemoveOldObjectsAsync(framework, model, cancellation);
        return (weights, isKnown);
    }

    /// <summary>Removes the weights of a model. Jobs that have begun with them keep what they learned.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.InvalidState"/> while a job that has not ended needs them.</exception>
    public async Task<PretrainedWeights> RemoveAsync(string framework, string model, CancellationToken cancellation)
    {
        PretrainedWeights weights;
        await using (var transaction = await LockAsync(framework, model, cancellation))
        {
            // A job that is being created holds the record until it is there.
            weights = await database.PretrainedWeights.FromSql($"SELECT * FROM pretrained_weights WHERE framework = {framework} AND model = {model} FOR UPDATE").SingleOrDefaultAsync(cancellation)
                ?? throw new ProblemException(ErrorCodes.NotFound, $"{framework}'s {model} has no weights.");
            await RequireUnusedAsync(framework, model, cancellation);
            database.PretrainedWeights.Remove(weights);
            await database.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        await RemoveOldObjectsAsync(framework, model, cancellation);
        return weights;
    }

    private async Task RequireUnusedAsync(string framework, string model, CancellationToken cancellation)
    {
        var users = await database.TrainingJobs.Where(job => job.CompletedAt == null && job.Framework == framework && job.Model == model && job.Weights != null).CountAsync(cancellation);
        if (users > 0)
            throw new ProblemException(ErrorCodes.InvalidState, $"Jobs that have not ended begin with these weights: {users}. Wait for their end, or cancel them.");
    }

    /// <summary>Imports and removals of one model's weights wait for each other.</summary>
    private async Task<IDbContextTransaction> LockAsync(string framework, string model, CancellationToken cancellation)
    {
        var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended('weights:' || {PretrainedWeights.FolderOf(framework, model)}, 0))", cancellation);
        return transaction;
    }

    private async Task<PretrainedWeights?> FindAsync(string framework, string model, CancellationToken cancellation) =>
        await database.PretrainedWeights.AsNoTracking().SingleOrDefaultAsync(weights => weights.Framework == framework && weights.Model == model, cancellation);

    /// <returns>Whether the trainer has ever said what it offers.</returns>
    private async Task<bool> RequireModelAsync(string framework, string model, CancellationToken cancellation)
    {
        var trainer = await database.Trainers.AsNoTracking().SingleOrDefaultAsync(row => row.Framework == framework, cancellation);
        if (trainer is { Capabilities: { } offered } && offered.FindModel(model) is null)
            throw new ProblemException(ErrorCodes.UnknownModel, $"{framework} has no model '{model}'. It has: {string.Join(", ", offered.Models.Select(known => known.Name))}.", "model");
        if (trainer is { Capabilities: { } with } && with.ConfigSchema.Fields.All(field => field.Name != PretrainedWeights.Field))
            throw new ProblemException(ErrorCodes.UnknownModel, $"The {framework} trainer cannot begin with imported weights: its configuration has no field '{PretrainedWeights.Field}'.", "framework");
        return trainer is not null;
    }

    /// <summary>Removes the objects of a model that no record names.</summary>
    private async Task RemoveOldObjectsAsync(string framework, string model, CancellationToken cancellation)
    {
        await using var transaction = await LockAsync(framework, model, cancellation);
        var current = (await FindAsync(framework, model, cancellation))?.Key;
        var keys = new List<string>();
        await foreach (var found in stores.Weights.ListAsync(PretrainedWeights.FolderOf(framework, model), cancellation))
            if (found.Key != current)
                keys.Add(found.Key);
        await stores.Weights.DeleteAsync(keys, cancellation);
    }

    private static ProblemException OtherWeights(PretrainedWeights known) => new(
        ErrorCodes.DuplicateName,
        $"{known.Framework}'s {known.Model} has other weights: {known.FileName}, SHA-256 {known.Sha256}. Remove them first: platform-cli weights remove --trainer {known.Framework} --model {known.Model}");
}

/// <summary>The weights that a job begins with. In a transaction, nobody removes them until its end.</summary>
public static class WeightsOfJobs
{
    /// <summary>The weights for a job with this configuration; null when it begins with random ones.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.WeightsMissing"/>.</exception>
    public static async Task<StartWeights?> RequireWeightsAsync(
        this PlatformDatabase database, string framework, string model, IReadOnlyDictionary<string, JsonElement> config, CancellationToken cancellation) =>
        !PretrainedWeights.AskedBy(config) ? null
            : await FindAsync(database, framework, model, cancellation) ?? throw new ProblemException(ErrorCodes.WeightsMissing, Missing(framework, model), $"config.{PretrainedWeights.Field}");

    /// <summary>The weights for a job that was checked before; null also when they have been removed since. Then its attempt fails and says so.</summary>
    public static async Task<StartWeights?> FindWeightsAsync(this PlatformDatabase database, TrainingJob job, CancellationToken cancellation) =>
        PretrainedWeights.AskedBy(job.Config) ? await FindAsync(database, job.Framework, job.Model, cancellation) : null;

    /// <summary>What to tell somebody whose job needs weights that are not there.</summary>
    internal static string Missing(string framework, string model) =>
        $"There are no weights for {framework}'s {model}. An operator imports them with: platform-cli weights import FILE --trainer {framework} --model {model}";

    private static async Task<StartWeights?> FindAsync(PlatformDatabase database, string framework, string model, CancellationToken cancellation)
    {
        var weights = await database.PretrainedWeights.FromSql($"SELECT * FROM pretrained_weights WHERE framework = {framework} AND model = {model} FOR SHARE").AsNoTracking().SingleOrDefaultAsync(cancellation);
        return weights is null ? null : new StartWeights(weights.Key, weights.Sha256);
    }
}
