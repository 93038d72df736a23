using System.Text.Json;

namespace DmAgents.EndToEnd.Tests.Storms;

/// <summary>What one client of a storm does, in words that a log can hold.</summary>
/// <param name="Client">Whose it is: each client has objects of its own.</param>
/// <param name="Verb">"create", "write", "commit", "mount", "unmount", "remove" or "remove-image".</param>
/// <param name="Name">The container, or the image that goes.</param>
/// <param name="Image">The image that a container is made of, or that is made of a container.</param>
/// <param name="Seed">What is written; what an image holds. 0: nothing but what the first image has.</param>
/// <param name="Request">The request's id: asked again, it is the same request.</param>
internal sealed record StormStep(int Client, string Verb, string Name, string Image, int Seed, string Request)
{
    public override string ToString() => $"{Verb} {Name} {Image} of client {Client}";
}

/// <summary>
/// What the clients of a storm asked for and what was acknowledged, on a disk that no crash of the storm's host
/// reaches. A step that was asked for and has no answer may have been done or not.
/// </summary>
internal sealed class StormLog(string path)
{
    private readonly Lock _lock = new();

    private sealed record Line(StormStep Step, bool IsDone);

    public void Asked(StormStep step) => Add(new Line(step, IsDone: false));

    public void Done(StormStep step) => Add(new Line(step, IsDone: true));

    /// <summary>Steps in the order in which they were answered, and those without an answer.</summary>
    public (IReadOnlyList<StormStep> Done, IReadOnlyList<StormStep> Open) Read()
    {
        var done = new List<StormStep>();
        var open = new List<StormStep>();
        foreach (var text in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            // The last line may have been cut off with the host: then its step was not begun, or not acknowledged.
            if (!text.EndsWith('}'))
                continue;
            var line = JsonSerializer.Deserialize<Line>(text)!;
            if (line.IsDone)
            {
                open.RemoveAll(step => step.Request == line.Step.Request);
                done.Add(line.Step);
            }
            else if (!open.Contains(line.Step))
            {
                open.Add(line.Step);
            }
        }
        return (done, open);
    }

    private void Add(Line line)
    {
        lock (_lock)
        {
            using var file = new StreamWriter(path, append: true);
            file.WriteLine(JsonSerializer.Serialize(line));
        }
    }
}
