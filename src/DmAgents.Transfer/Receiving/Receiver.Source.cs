using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The sources, and the requests to them.</summary>
public sealed partial class Receiver
{
    private readonly Sources _sources;

    /// <summary>Pieces whose hash was wrong after their parts were copied over the base's bytes. Base or difference is
    /// not the expected one; a whole piece depends on neither.</summary>
    private PieceSet _failedInPart = PieceSet.Empty;

    private bool Takes(SourceTalk talk) => talk.Current is not null || _inMemory.Count < _settings.PiecesInMemory;

    private void BeginTalk(int connection)
    {
        if (!NeedsSource && !TakesSource)
        {
            _outputs.Add(new ReceiverOutput.Disconnect(connection, null));
            return;
        }
        var talk = new SourceTalk(connection, _request, _settings, _plan, _now);
        _sources.Add(talk);
        Send(talk, talk.Begin());
    }

    private void TakeRecord(SourceTalk talk, TransferRecord record)
    {
        var fault = talk.Take(record, _now, Begin, out var ended);
        if (fault is null && ended is not null)
            fault = TakePiece(ended, talk.AskedWhole);
        if (fault is not null)
            Disconnect(talk, $"the source is of no use: {fault}");
    }

    /// <summary>Sends the next request to each source that has answered, and drops slow ones.</summary>
    private void UseSources()
    {
        foreach (var slow in _sources.Slow(Takes, _now))
        {
            Disconnect(
                slow, $"it brought no piece for {_settings.SlowAfter.TotalSeconds:0.#} s, and another source has them");
        }
        if (_sources.Free(_now) is { Count: > 0 } free)
        {
            var missing = _changed.Without(_written).Without(_zeros).Without(PieceSet.Of(_inMemory.Keys));
            foreach (var talk in free)
                Ask(talk, _sources.WantedOf(talk, missing, _changed, _now));
        }
        if (_sources.WakeAt(_now) is { } time)
            _outputs.Add(new ReceiverOutput.WakeAt(time));
    }

    private void Ask(SourceTalk talk, PieceSet wanted)
    {
        if (wanted.IsEmpty)
            return;
        var inPart = wanted.Intersect(_failedInPart);
        var ranges = _sources.Choose(talk, inPart.IsEmpty ? wanted : inPart);
        Send(talk, talk.Ask(!talk.HasBase || !inPart.IsEmpty, ranges, _now));
    }

    private PieceReception Begin(ulong piece) => new(piece, RangeOf(piece), Buffer());

    private void Send(SourceTalk talk, TransferRecord record) =>
        _outputs.Add(new ReceiverOutput.Send(talk.Connection, record));

    private void DisconnectAll()
    {
        foreach (var talk in _sources.All.ToList())
            Disconnect(talk, null);
    }

    private void Disconnect(SourceTalk talk, string? fault)
    {
        _outputs.Add(new ReceiverOutput.Disconnect(talk.Connection, fault));
        EndTalk(talk.Connection);
    }

    private void EndTalk(int connection)
    {
        if (_sources.Of(connection) is not { } talk)
            return;
        if (talk.Current is { } current)
            Free(current.Buffer);
        _sources.Remove(talk);
    }

    private ByteRange RangeOf(ulong piece) => _settings.PieceSize.RangeOf(piece, _plan!.Shape.DeviceSize);
}
