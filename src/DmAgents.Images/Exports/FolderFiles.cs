using System.Runtime.Versioning;
using DmAgents.Domain.Ports;

namespace DmAgents.Images.Exports;

/// <summary>An export's files in their own folder, which has a temporary name until it is complete.</summary>
[SupportedOSPlatform("linux")]
internal sealed class FolderFiles : IExportFiles
{
    private readonly string path;
    private readonly string partial;
    private readonly ExportClaim claim;
    private readonly IDurableFiles durable;
    private FileStream? begun;
    private bool isComplete;

    public FolderFiles(string path, ExportClaim claim, IDurableFiles durable)
    {
        (this.path, partial, this.claim, this.durable) = (path, claim.Partial, claim, durable);
        Directory.CreateDirectory(partial, ExportPlace.OwnersFolder);
    }

    private string BegunName => Path.Combine(partial, "begun");

    public Stream Begin() => begun = new FileStream(BegunName, ExportPlace.NewFile());

    public void End(string name)
    {
        begun!.Flush(flushToDisk: true);
        begun.Dispose();
        begun = null;
        var place = Place(name);
        if (File.Exists(place))
            File.Delete(BegunName);
        else
            File.Move(BegunName, place);
    }

    public void Add(string name, ReadOnlySpan<byte> content)
    {
        var place = Place(name);
        if (File.Exists(place))
            return;
        using var file = new FileStream(place, ExportPlace.NewFile());
        file.Write(content);
        file.Flush(flushToDisk: true);
    }

    public void Complete()
    {
        foreach (var folder in Directory.EnumerateDirectories(partial, "*", SearchOption.AllDirectories))
            ExportPlace.Sync(durable, folder);
        ExportPlace.Sync(durable, partial);
        ExportPlace.RequireFree(path);
        Directory.Move(partial, path);
        isComplete = true;
        ExportPlace.Sync(durable, Path.GetDirectoryName(path)!);
    }

    public void Dispose()
    {
        begun?.Dispose();
        if (!isComplete)
            Directory.Delete(partial, recursive: true);
        claim.Dispose();
    }

    private string Place(string name)
    {
        var place = Path.Combine(partial, name);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!, ExportPlace.OwnersFolder);
        return place;
    }
}
