using System.Collections.Concurrent;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Asks the fleet whether this host may drop its copy of an image; the host's announcement of the image
/// carries the question. While the question is open, the copy does not count.</summary>
internal sealed class DropQuestions
{
    private readonly ConcurrentDictionary<ImageReference, DropQuestion> _open = new();
    private TaskCompletionSource _changed = New();

    /// <summary>Completes when a question begins or ends.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    public DropQuestion? Of(ImageReference image) => _open.GetValueOrDefault(image);

    /// <summary>Begins a question. The host removes its copy, or decides not to, before it disposes of the
    /// question.</summary>
    /// <param name="kind">Releasing or Dropping.</param>
    /// <returns>Null: another question about the image is open. If the new question replaced it, the copy would count
    /// again while the other caller removes it.</returns>
    public DropQuestion? Ask(ImageReference image, HoldingKind kind)
    {
        var question = new DropQuestion(image, kind, End);
        if (!_open.TryAdd(image, question))
            return null;
        Notify();
        return question;
    }

    private void End(DropQuestion question)
    {
        if (_open.TryRemove(KeyValuePair.Create(question.Image, question)))
            Notify();
    }

    private void Notify() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>One question.</summary>
internal sealed class DropQuestion(ImageReference image, HoldingKind kind, Action<DropQuestion> end) : IDisposable
{
    private readonly TaskCompletionSource<ImageReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid Id { get; } = Guid.NewGuid();

    public ImageReference Image => image;

    public HoldingKind Kind => kind;

    /// <summary>MayDrop or MustKeep. Does not complete while the fleet cannot be asked, or if the host has only part of
    /// the image.</summary>
    public Task<ImageReply> Answer => _answer.Task;

    public void Dispose() => end(this);

    internal void Answered(ImageReply reply)
    {
        if (reply is ImageReplies.MayDrop or ImageReplies.MustKeep)
            _answer.TrySetResult(reply);
    }
}
