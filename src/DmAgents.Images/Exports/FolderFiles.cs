using System.Runtime.Versioning;

namespace DmAgents.Images.Exports;

/// <summary>An export's files in a folder of its own, which has another name until they are complete.</summary>
[SupportedOSPlatform("linux")]
internal sealed class FolderFiles : IExportFiles
{
    private readonly string path;
    private readonly string partial;
    private FileStream? begun;
    private bool isComplete;

    public FolderFiles(string path)
    {
        (this.path, partial) = (path, ExportPlace.PartialOf(path));
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
        ExportPlace.RequireFree(path);
        Directory.Move(partial, path);
        isComplete = true;
    }

    public void Dispose()
    {
        begun?.Dispose();
        if (!isComplete)
            Directory.Delete(partial, recursive: true);
    }

    private string Place(string name)
    {
        var place = Path.Combine(partial, name);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!, ExportPlace.OwnersFolder);
        return place;
    }
}
