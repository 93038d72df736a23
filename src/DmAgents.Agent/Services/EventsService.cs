using DmAgents.Actors.Events;
using DmAgents.Api.Admin.V1;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Events of the admin API.</summary>
internal sealed class EventsService(HostEventLog log) : Events.EventsBase
{
    private const int DefaultLimit = 1000;

    public override Task<ListEventsReply> List(ListEventsRequest request, ServerCallContext context)
    {
        var limit = request.Limit == 0 ? DefaultLimit : (int)Math.Min(request.Limit, HostEventLog.Capacity);
        var reply = new ListEventsReply();
        reply.Events.Add(log.Latest
            .Where(o => Concerns(o, request.Pool))
            .Where(o => request.Since is null || o.At >= request.Since.ToDateTimeOffset())
            .TakeLast(limit).Select(View));
        return Task.FromResult(reply);
    }

    public override async Task Follow(
        FollowEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        await foreach (var occurrence in log.Follow(request.Since?.ToDateTimeOffset(), context.CancellationToken)
            .ConfigureAwait(false))
        {
            if (Concerns(occurrence, request.Pool))
                await responseStream.WriteAsync(View(occurrence), context.CancellationToken).ConfigureAwait(false);
        }
    }

    private static bool Concerns(HostOccurrence occurrence, string pool) => pool.Length == 0 || occurrence.Pool == pool;

    private static Event View(HostOccurrence occurrence)
    {
        var view = new Event
        {
            Time = Views.Time(occurrence.At), Pool = occurrence.Pool, Object = occurrence.Subject,
            Type = occurrence.Type, Text = occurrence.Text,
        };
        view.Detail.Add(occurrence.Detail);
        return view;
    }
}
