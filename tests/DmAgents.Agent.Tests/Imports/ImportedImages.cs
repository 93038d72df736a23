using DmAgents.Agent.Imports;
using DmAgents.Agent.Services;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports.FileTrees;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Imports;

/// <summary>An agent on the simulated kernel, and archives that it imports.</summary>
internal sealed class ImportedImages : IAsyncDisposable
{
    private ImportedImages(ServedAgent agent) => Agent = agent;

    public ServedAgent Agent { get; private set; }

    public string Home { get; } = Directory.CreateTempSubdirectory("dmagents-imports-").FullName;

    private Api.Admin.V1.Images.ImagesClient Client => new(Agent.AdminChannel);

    public static async Task<ImportedImages> Start() => new(await ServedAgent.Start());

    /// <summary>Another agent on the same host, with other trees below its mounts.</summary>
    public async Task Restart(IFileTrees trees)
    {
        await Agent.Stop();
        Agent = await Agent.Next(services => services.AddSingleton(trees));
    }

    public string Write(byte[] content)
    {
        var path = Path.Combine(Home, Path.GetRandomFileName());
        File.WriteAllBytes(path, content);
        return path;
    }

    public Task<ImportOutcome> Import(
        string path, string? reference = null, string? select = null, string? platform = null,
        ArchiveFormat format = ArchiveFormat.Unspecified)
    {
        var request = new ImportImageRequest { RequestId = $"{Guid.NewGuid()}", Path = path, Format = format };
        if (reference is not null)
            request.Reference = reference;
        if (select is not null)
            request.Select = select;
        if (platform is not null)
            request.Platform = platform;
        return Agent.Get<ImageImporter>().Import(
            Agent.Picture, ImageViews.Asked(request), _ => { }, CancellationToken.None);
    }

    /// <summary>Imports what is refused.</summary>
    public async Task<Refusal> Refused(
        string path, string? reference = null, string? select = null, string? platform = null,
        ArchiveFormat format = ArchiveFormat.Unspecified) =>
        (await Assert.ThrowsAsync<RefusedException>(() => Import(path, reference, select, platform, format))).Refusal;

    /// <summary>As a client sees the image.</summary>
    public async Task<ImageDetails> Show(string reference) =>
        await Client.ShowAsync(new ShowImageRequest { Pool = ServedAgent.Pool.Value, Image = reference });

    public async Task<ImageDetails> Show(ImportOutcome outcome) => await Show(outcome.Reference.Value);

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
