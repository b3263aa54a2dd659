using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Exports;

/// <summary>How an export ended.</summary>
/// <param name="Failure">Why it did not complete; null otherwise.</param>
public sealed record ExportEnd(Guid ExportId, ExportState State, Failure? Failure);

/// <summary>Creates exports and ends them. In between, <see cref="AttemptLifecycle"/> runs them on a trainer.</summary>
public sealed class ExportLifecycle(PlatformDatabase database, TrainerCatalog catalog, ObjectStores stores, Quotas quotas, TimeProvider time)
{
    /// <summary>Creates one export for each format.</summary>
    /// <param name="options">Options by format and name.</param>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.QuotaExceeded"/>, <see cref="ErrorCodes.UnknownExportFormat"/>, <see cref="ErrorCodes.TaskNotSupported"/> or <see cref="ErrorCodes.InvalidConfig"/> for formats and options,
    /// <see cref="ErrorCodes.UnknownFramework"/> or <see cref="ErrorCodes.TrainerUnavailable"/> for the trainer, and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<IReadOnlyList<Export>>> CreateAsync(
        Guid userId, ModelVersion version, IReadOnlyList<string> formats, IReadOnlyDictionary<string, Dictionary<string, JsonElement>> options,
        IdempotentCreate<IReadOnlyList<Export>> once, CancellationToken cancellation)
    {
        Check(await catalog.RequireAsync(version.Framework, cancellation), version.TaskType, formats, options);
        List<Export> exports = [.. formats.Distinct(StringComparer.Ordinal).Select(format => new Export
        {
            ProjectId = version.ProjectId, ModelVersionId = version.Id, Format = format, Options = options.GetValueOrDefault(format) ?? [],
            CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        })];
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(version.ProjectId, "model version", cancellation);
        await quotas.RequireRoomForExportsAsync(userId, exports.Count, cancellation);
        database.Exports.AddRange(exports);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(exports, cancellation);
    }

    /// <summary>Ends an export. It completes only if its file is in the object store and agrees with the checkpoint.</summary>
    /// <param name="run">State of its last attempt.</param>
    public async Task<ExportEnd> FinishAsync(Guid exportId, AttemptState run, Failure? failure, CancellationToken cancellation)
    {
        var result = await database.Attempts.AsNoTracking().Where(attempt => attempt.SubjectId == exportId)
            .OrderByDescending(attempt => attempt.Number).Select(attempt => attempt.Result).FirstOrDefaultAsync(cancellation);
        var file = run == AttemptState.Completed ? await KeepFileAsync(exportId, cancellation) : null;
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.CloseAttemptsAsync(exportId, time.GetUtcNow(), cancellation);
        var export = (await database.LockExportAsync(exportId, cancellation))!;
        var (state, reason) = run switch
        {
            AttemptState.Completed => (file?.Problem ?? Accept(export, result)) is { } wrong ? (ExportState.Failed, wrong) : (ExportState.Completed, null),
            AttemptState.Cancelled => (ExportState.Cancelled, failure),
            _ => (ExportState.Failed, failure),
        };
        if (export.MoveTo(state, time.GetUtcNow(), reason) && state == ExportState.Completed)
            (export.Key, export.PackageKey) = (file?.Key, file?.PackageKey);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        string[] unused = [.. new[] { file?.Key, file?.PackageKey }.OfType<string>().Except(new[] { export.Key, export.PackageKey }.OfType<string>())];
        await stores.Internal.DeleteAsync(unused, cancellation);
        return new ExportEnd(export.Id, export.State, export.Error);
    }

    /// <summary>What became of the files that a trainer uploaded.</summary>
    /// <param name="Key">Where the exported file was copied to.</param>
    /// <param name="PackageKey">Where the package was copied to; null when there is none.</param>
    /// <param name="Problem">Set when a file was not copied.</param>
    private sealed record KeptFile(string? Key, string? PackageKey, Failure? Problem);

    /// <summary>Copies and reads the files, outside of any transaction because they may be large. Null for an export that has ended.</summary>
    private async Task<KeptFile?> KeepFileAsync(Guid exportId, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(row => row.Id == exportId, cancellation);
        if (export.State >= ExportState.Completed)
            return null;
        if (export is not { Key: { } uploaded, Size: { } size, Sha256: { } sha256 })
            return new KeptFile(null, null, Failure.Of(ErrorCodes.TrainerProtocol, "The trainer finished without uploading a file."));
        var folder = $"{Attempt.KeptPrefix(AttemptKind.Export, exportId)}{Guid.CreateVersion7():n}";
        var key = $"{folder}/{Path.GetFileName(uploaded)}";
        if (await stores.Internal.KeepAsync(uploaded, size, sha256, key, cancellation) is { } problem)
            return new KeptFile(null, null, Failure.Of(ErrorCodes.TrainerProtocol, $"The file that the trainer announced {problem}"));
        if (export is not { PackageKey: { } package, PackageSize: { } packageSize, PackageSha256: { } packageSha256 })
            return new KeptFile(key, null, null);
        var packageKey = $"{folder}/package/{Path.GetFileName(package)}";
        return await stores.Internal.KeepAsync(package, packageSize, packageSha256, packageKey, cancellation) is { } wrong
            ? new KeptFile(key, null, Failure.Of(ErrorCodes.TrainerProtocol, $"The package that the trainer announced {wrong}"))
            : new KeptFile(key, packageKey, null);
    }

    private static Failure? Accept(Export export, JsonElement? result)
    {
        if (result is not { ValueKind: JsonValueKind.Object } answer || !answer.TryGetProperty("validation", out var validation))
            return Failure.Of(ErrorCodes.TrainerProtocol, "The trainer finished without validating the exported file.");
        export.Metadata = answer.TryGetProperty("metadata", out var metadata) ? metadata : null;
        try
        {
            export.Validation = validation.Deserialize<ExportValidation>(TrainerClient.Json);
            export.Certificate = answer.TryGetProperty("certificate", out var certificate) ? certificate.Deserialize<ExportCertificate>(TrainerClient.Json) : null;
        }
        catch (JsonException unreadable)
        {
            return Failure.Of(ErrorCodes.TrainerProtocol, $"The trainer's validation cannot be read: {unreadable.Message}");
        }

        if (export.Validation is not { Passed: true })
            return Failure.Of(ErrorCodes.ExportValidationFailed);
        var wanted = Precision(export.Options) ?? TrainerCapabilities.FullPrecision;
        return export.Certificate is { } measured && measured.Precision != wanted
            ? Failure.Of(ErrorCodes.ExportValidationFailed, $"The file is in {measured.Precision}, but {wanted} was asked for.")
            : null;
    }

    private static void Check(
        TrainerCapabilities capabilities, TaskType task, IReadOnlyList<string> formats, IReadOnlyDictionary<string, Dictionary<string, JsonElement>> options)
    {
        if (options.Keys.FirstOrDefault(format => !formats.Contains(format)) is { } stray)
            throw new ProblemException(ErrorCodes.InvalidConfig, $"There are options for '{stray}', which is not one of the formats.", $"options.{stray}");
        foreach (var format in formats)
        {
            var reason = capabilities.WhyNotExport(format, task);
            var known = capabilities.FindExportFormat(format) ?? throw new ProblemException(
                ErrorCodes.UnknownExportFormat,
                $"{capabilities.Framework} cannot export '{format}'{(reason is null ? "" : $": {reason}")}. It can export: {string.Join(", ", capabilities.ExportFormats.Select(f => f.Format))}.", "formats");
            if (!known.Supports(task))
                throw new ProblemException(ErrorCodes.TaskNotSupported, $"{capabilities.Framework} cannot export models for {task.AsText()} to {format}{(reason is null ? "" : $": {reason}")}.", "formats");
            var wanted = options.GetValueOrDefault(format) ?? [];
            if (Precision(wanted) is { } precision && capabilities.WhyNotExport(format, task, precision) is { } missing)
                throw new ProblemException(
                    ErrorCodes.InvalidConfig, $"{capabilities.Framework} cannot export models for {task.AsText()} to {format} in {precision}: {missing}.", $"options.{format}.precision");
            foreach (var (name, value) in wanted)
            {
                var message = known.Options?.GetValueOrDefault(name) is { } field ? field.Check(value) : "There is no such option.";
                if (message is not null)
                    throw new ProblemException(ErrorCodes.InvalidConfig, $"{format}.{name}: {message}", $"options.{format}.{name}");
            }
        }
    }

    private static string? Precision(IReadOnlyDictionary<string, JsonElement> options) =>
        options.TryGetValue("precision", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
